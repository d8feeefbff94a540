import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import type { CommandEnvironment } from "./CommandEnvironment.js";
import { runDemo } from "./demo/runDemo.js";

/** `muster demo [--once]`: what `npm start` runs (interface.md). */
export function register(program: Command, environment: CommandEnvironment): void {
  program
    .command("demo")
    .description("run a master and two workers that keep real files in step, and show what they do")
    .option("--once", "end with status 0 once all three trees are equal", false)
    .option("--folder <dir>", "where the nodes' folders are made; their contents are replaced", join(environment.temporaryFolder, `muster-demo-${String(environment.processId)}`))
    .action((options: { readonly once: boolean; readonly folder: string }) =>
      runDemo({ ...options, program: fileURLToPath(new URL("./main.js", import.meta.url)) }, environment),
    );
}
