import { jsonDataError, jsonError, ok } from "./answers.js";
import type { CommandContext, GlobalCommand } from "./CommandContext.js";
import { readShaped, type Shape, type Shaped } from "./readArguments.js";

/** A command whose argument is a JSON object; answers for bad ones, and `ok` when `work` gives no answer. */
export function withShape<const S extends Shape>(
  shape: S,
  work: (argument: Shaped<S>, context: CommandContext) => string | undefined,
): GlobalCommand {
  return (argument, context) => {
    const shaped = readShaped(argument, shape);
    if (shaped === "syntax") return jsonError(argument ?? "");
    if (shaped === "data") return jsonDataError(argument ?? "");
    return context.database.transaction(() => work(shaped, context)) ?? ok();
  };
}
