import { ANSWER, ANSWER_FIELD, ANSWER_TEXT, COMMON } from "./commands.js";
import { parseLength, parsePathAndBytes, parseStringIdAndBytes } from "./payloads.js";
import { pythonBytesText } from "./pythonBytesText.js";
import type { IncomingFiles } from "./transfer/IncomingFiles.js";
import type { IncomingStrings } from "./transfer/IncomingStrings.js";

/** An answer to a request: its command as it is framed (some carry a trailing blank), and its payload. */
export interface Answer {
  readonly command: string;
  readonly payload: Buffer | string;
}

/** Answers the commands that both sides of a connection answer (protocol.md 3). */
export class CommonCommands {
  readonly files: IncomingFiles;
  readonly strings: IncomingStrings;

  constructor({ files, strings }: { files: IncomingFiles; strings: IncomingStrings }) {
    this.files = files;
    this.strings = strings;
  }

  /**
   * The answer to a common command, or undefined for another one. To be called in the order in
   * which the requests arrive; the promises may settle in another. Rejects with the error that is
   * to be answered as exception JSON. The command is without its trailing blanks.
   */
  answer(command: string, payload: Buffer): Promise<Answer> | undefined {
    switch (command) {
      case COMMON.echo:
        return Promise.resolve(ok(payload));
      case COMMON.newFile:
        return this.#newFile(payload);
      case COMMON.fileUpdate:
        return this.#fileUpdate(payload);
      case COMMON.fileEnd:
        return this.#fileEnd(payload);
      case COMMON.newString:
        return attempt(() => this.strings.open(parseLength(payload)));
      case COMMON.stringUpdate:
        return attempt(() => this.#stringUpdate(payload));
      case COMMON.stringError:
        return attempt(() => this.strings.dropEmpty(parseLength(payload)) ?? ANSWER_TEXT.noString);
      default:
        return undefined;
    }
  }

  async #newFile(payload: Buffer): Promise<Answer> {
    const outcome = await this.files.open(payload.toString("utf8"));
    if (outcome === "refused") return refusal(ANSWER_TEXT.writePathRefused);
    return { command: ANSWER_FIELD.newFile, payload: ANSWER_TEXT.readyForFile };
  }

  async #fileUpdate(payload: Buffer): Promise<Answer> {
    const { path, bytes } = parsePathAndBytes(COMMON.fileUpdate, payload);
    await this.files.update(path, bytes);
    return ok(ANSWER_TEXT.fileUpdated);
  }

  async #fileEnd(payload: Buffer): Promise<Answer> {
    const { path, bytes } = parsePathAndBytes(COMMON.fileEnd, payload);
    const outcome = await this.files.end(path, bytes);
    return outcome === "received" ? ok(ANSWER_TEXT.fileReceived) : refusal(ANSWER_TEXT.checksumsDiffer);
  }

  #stringUpdate(payload: Buffer): string {
    const { stringId, bytes } = parseStringIdAndBytes(COMMON.stringUpdate, payload);
    this.strings.update(stringId, bytes);
    return ANSWER_TEXT.stringUpdated;
  }
}

/** The plain text that answers, as `err`, a command that nobody knows (protocol.md 2). */
export function unknownCommandText(command: string): string {
  return `unknown command '${pythonBytesText(Buffer.from(command, "latin1"))}'`;
}

function ok(payload: Buffer | string): Answer {
  return { command: ANSWER.ok, payload };
}

/** An `err` whose payload is a plain text and no exception JSON. */
function refusal(text: string): Answer {
  return { command: ANSWER.err, payload: text };
}

/** The steps that need no waiting: done now, so that the next request meets their result. */
function attempt(work: () => string): Promise<Answer> {
  return new Promise((resolve) => resolve(ok(work())));
}
