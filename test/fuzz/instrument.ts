import { relative } from "node:path";
import ts from "typescript";

/** The part of vite's plugins that is used here. */
interface Plugin {
  readonly name: string;
  readonly enforce: "pre";
  transform(code: string, id: string): { code: string; map: string | null } | undefined;
}

/** Files whose blocks are counted: all that can run on a peer's bytes. */
const COUNTED = /^(?:src|workers|machines)\/.*\.ts$/;
const HIT = "__musterHit";
/** Does nothing where nobody counts, for example on a thread. */
const PRELUDE = `const ${HIT} = globalThis.${HIT} ?? (() => undefined);\n`;

/**
 * A plugin that makes the product's code tell which of its blocks run (`hits.ts`): bodies, branches, loops, cases, and the
 * right sides of `&&`, `||`, `??` and `?:`. That is the coverage which guides the fuzzer. An engine's own precise coverage
 * would cost milliseconds for each input.
 */
export function instrument(root: string): Plugin {
  let blocks = 0;
  return {
    name: "muster-hits",
    enforce: "pre",
    transform(code, id) {
      const file = relative(root, id.split("?")[0] ?? id);
      if (!COUNTED.test(file)) return undefined;
      const { outputText, sourceMapText } = ts.transpileModule(code, {
        fileName: file,
        compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, sourceMap: true, verbatimModuleSyntax: true },
        transformers: { before: [countBlocks(() => (blocks += 1))] },
      });
      const text = outputText.replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n");
      // The prelude stands at the end of the first line, so that the map keeps its lines.
      return { code: text.startsWith("#!") ? text : PRELUDE.replace("\n", " ") + text, map: sourceMapText ?? null };
    },
  };
}

function countBlocks(next: () => number): ts.TransformerFactory<ts.SourceFile> {
  const { factory: make } = ts;
  const call = (): ts.Expression => make.createCallExpression(make.createIdentifier(HIT), undefined, [make.createNumericLiteral(next())]);
  const statement = (): ts.Statement => make.createExpressionStatement(call());
  /** `(hit(n), value)` */
  const counted = (value: ts.Expression): ts.Expression =>
    make.createParenthesizedExpression(make.createBinaryExpression(call(), ts.SyntaxKind.CommaToken, make.createParenthesizedExpression(value)));
  const asBlock = (body: ts.Statement): ts.Statement => (ts.isBlock(body) ? body : make.createBlock([statement(), body], true));

  return (context) => {
    const visit = (node: ts.Node): ts.Node => {
      const seen = ts.visitEachChild(node, visit, context);
      if (ts.isBlock(seen)) return make.updateBlock(seen, [statement(), ...seen.statements]);
      if (ts.isArrowFunction(seen) && !ts.isBlock(seen.body)) {
        const { modifiers, typeParameters, parameters, type, equalsGreaterThanToken } = seen;
        return make.updateArrowFunction(seen, modifiers, typeParameters, parameters, type, equalsGreaterThanToken, counted(seen.body));
      }
      if (ts.isIfStatement(seen)) {
        const otherwise = seen.elseStatement;
        return make.updateIfStatement(seen, seen.expression, asBlock(seen.thenStatement), otherwise === undefined ? undefined : asBlock(otherwise));
      }
      if (ts.isForStatement(seen)) return make.updateForStatement(seen, seen.initializer, seen.condition, seen.incrementor, asBlock(seen.statement));
      if (ts.isForOfStatement(seen)) return make.updateForOfStatement(seen, seen.awaitModifier, seen.initializer, seen.expression, asBlock(seen.statement));
      if (ts.isWhileStatement(seen)) return make.updateWhileStatement(seen, seen.expression, asBlock(seen.statement));
      if (ts.isCaseClause(seen)) return make.updateCaseClause(seen, seen.expression, [statement(), ...seen.statements]);
      if (ts.isDefaultClause(seen)) return make.updateDefaultClause(seen, [statement(), ...seen.statements]);
      if (ts.isConditionalExpression(seen)) {
        const { condition, questionToken, whenTrue, colonToken, whenFalse } = seen;
        return make.updateConditionalExpression(seen, condition, questionToken, counted(whenTrue), colonToken, counted(whenFalse));
      }
      if (ts.isBinaryExpression(seen) && SHORT_CIRCUITS.has(seen.operatorToken.kind)) {
        return make.updateBinaryExpression(seen, seen.left, seen.operatorToken, counted(seen.right));
      }
      return seen;
    };
    return (file) => ts.visitNode(file, visit) as ts.SourceFile;
  };
}

const SHORT_CIRCUITS: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
]);
