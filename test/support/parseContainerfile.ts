/** One instruction: `COPY`, and what follows it, with continued lines joined. */
export interface Instruction {
  readonly name: string;
  readonly text: string;
  /** What follows, without options such as `--from=build`. */
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string>>;
}

export interface Stage {
  readonly image: string;
  /** The name given by AS. */
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

const KNOWN = new Set(["ARG", "FROM", "WORKDIR", "ENV", "COPY", "RUN", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"]);

/**
 * The stages of a Containerfile, with its build arguments' defaults put in.
 *
 * @throws Error for an instruction that this project does not use, such as ADD
 */
export function parseContainerfile(text: string): readonly Stage[] {
  const lines = text.replace(/^#.*\n/gm, "").replaceAll("\\\n", " ").split("\n").filter((line) => line.trim() !== "");
  const args = new Map<string, string>();
  const stages: { image: string; name: string | undefined; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const [, name = "", rest = ""] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (!KNOWN.has(name)) throw new Error(`an instruction that is not used here: ${line}`);
    const filled = rest.replace(/\$\{(\w+)\}/g, (whole, argument: string) => args.get(argument) ?? whole);
    const pieces = filled.trim().split(/\s+/);
    const options = Object.fromEntries(pieces.filter((piece) => piece.startsWith("--")).map((piece) => piece.slice(2).split("=", 2) as [string, string]));
    const words = pieces.filter((piece) => !piece.startsWith("--"));
    if (name === "FROM") {
      const [image = "", as, stage] = words;
      stages.push({ image, name: as?.toUpperCase() === "AS" ? stage : undefined, instructions: [] });
    } else if (stages.length === 0) {
      const [argument = "", value = ""] = filled.split("=", 2);
      args.set(argument, value);
    } else stages.at(-1)?.instructions.push({ name, text: filled, words, options });
  }
  return stages;
}
