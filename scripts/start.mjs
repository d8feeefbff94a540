/** `npm start`: installs and builds what is missing, then becomes `muster demo` with the arguments given. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { prepare } from "./prepare.mjs";
import { ROOT, runScript } from "./step.mjs";

await runScript(() => prepare());

// The program runs in this very process, as after exec: signals reach it directly and its status is ours.
if (process.exitCode === undefined) {
  const program = join(ROOT, "dist/src/cli/main.js");
  process.argv = [process.execPath, program, "demo", ...process.argv.slice(2)];
  await import(pathToFileURL(program).href);
}
