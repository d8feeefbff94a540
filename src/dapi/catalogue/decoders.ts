import { z } from "zod";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { type CatalogueFunction, defineFunction, type FunctionContext } from "../CatalogueFunction.js";
import { listPageArguments, listSelectArguments, pageOfList } from "../query/arguments.js";
import type { ApiResult } from "../results/ApiResult.js";
import { decoderFileError } from "./decoders/decoderErrors.js";
import { decodersParser } from "./decoders/parseDecoders.js";
import { answerOf } from "./ruleset/answerOf.js";
import { fileFilterArguments, fileFilterOf, nameList } from "./ruleset/filterArguments.js";
import { failedFiles, loadRuleset } from "./ruleset/loadRuleset.js";
import type { ParsedFiles } from "./ruleset/ParsedFiles.js";
import { findRulesetFiles, passesFilter, pathOf } from "./ruleset/RulesetFile.js";

const DECODERS = {
  allMessage: "All selected decoders were returned",
  someMessage: "Some decoders were not returned",
  noneMessage: "No decoder was returned",
};
const FILES = {
  allMessage: "All decoder files were returned",
  someMessage: "Some decoder files were not returned",
  noneMessage: "No decoder files were returned",
};

const SORT_FIELDS = ["filename", "relative_dirname", "name", "position", "status"];

const shared = {
  module: "wazuh.decoder",
  requestType: "local_any",
  permission: { action: "decoders:read", resource: "decoder:file" },
  readOnly: true,
} as const;

const decodersSchema = z.strictObject({
  ...listSelectArguments,
  ...fileFilterArguments,
  names: nameList.nullish(),
  parents: z.boolean().nullish().describe("Only decoders that have no parent."),
});

/** The functions of decoders (dapi.md 3.5). @param parsed where parsed files are kept */
export function decoderFunctions(parsed: ParsedFiles): readonly CatalogueFunction[] {
  return [
    defineFunction({
      ...shared,
      qualname: "get_decoders",
      schema: decodersSchema,
      run: (args, context) => getDecoders(args, context, parsed),
    }),
    defineFunction({
      ...shared,
      qualname: "get_decoders_files",
      schema: z.strictObject({ ...listPageArguments, ...fileFilterArguments }),
      run: async (args, context) => {
        const filter = fileFilterOf(args);
        const files = await findRulesetFiles(context, "decoder", parsed);
        return answerOf(
          files.filter((file) => passesFilter(file, filter)),
          pageOfList(args),
          FILES,
        );
      },
    }),
  ];
}

async function getDecoders(
  args: z.output<typeof decodersSchema>,
  context: FunctionContext,
  parsed: ParsedFiles,
): Promise<ApiResult> {
  const fileFilter = fileFilterOf(args);
  const files = await findRulesetFiles(context, "decoder", parsed);
  const { loaded, failed } = await loadRuleset(context, parsed, files, {
    parser: decodersParser,
    pathOf,
    errorOf: decoderFileError,
  });
  const decoders = loaded.flatMap(({ file, parsed: own }) => own.map((decoder) => ({ ...file, ...decoder })));
  const asked = new Set(args.names ?? []);
  const wanted = decoders.filter(
    (decoder) =>
      passesFilter(decoder, fileFilter) &&
      (asked.size === 0 || asked.has(decoder.name)) &&
      !(args.parents === true && Object.hasOwn(decoder.details, "parent")),
  );
  const known = new Set(decoders.map(({ name }) => name));
  const absent = [...asked].filter((name) => !known.has(name));
  const brokenFiles = failed.filter(({ file }) => passesFilter(file, fileFilter));
  return answerOf(wanted, pageOfList(args), DECODERS, {
    allowedSortFields: SORT_FIELDS,
    requiredFields: ["filename", "position"],
    failed: [
      ...(absent.length === 0 ? [] : [{ error: MusterError.user(1504), ids: absent }]),
      ...failedFiles(brokenFiles, pathOf),
    ],
  });
}
