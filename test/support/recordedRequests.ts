import type { RecordedFrame, Recording } from "./recordings.js";

/** A distributed API request of a recording, and the result that came for it; both as JSON. */
export interface RecordedRequest {
  /** For a test's name: the recording, and the frame of the request. */
  readonly where: string;
  readonly request: string;
  readonly result: string;
}

/** Requests that a worker sent the master, or a local client its node, with their results. */
export function recordedRequests({ name, frames }: Recording): RecordedRequest[] {
  return frames.flatMap((frame) => {
    if (frame.command !== "dapi") return [];
    // A local client has one request on its connection; a worker tells which one by an id before the JSON.
    const isLocal = frame.sender === "client";
    if (!isLocal && frame.sender !== "worker") return [];
    const [id = "", request = ""] = isLocal ? ["", textOf(frame)] : cut(textOf(frame));
    const later = frames.filter(({ connection, index }) => connection === frame.connection && index > frame.index);
    const done = later.find(
      ({ command, sender, text = "" }) =>
        command === "dapi_res" && sender !== frame.sender && (isLocal || text.startsWith(`${id} `)),
    );
    const stringId = done?.text?.split(" ").at(-1) ?? "";
    const told = later.find(({ command, text = "" }) => command === "str_upd" && text.startsWith(`${stringId} `));
    if (done === undefined || told === undefined) return [];
    return [{ where: `${name}, frame ${frame.index}`, request, result: cut(textOf(told))[1] ?? "" }];
  });
}

function cut(text: string): readonly [string, string] {
  const space = text.indexOf(" ");
  return [text.slice(0, space), text.slice(space + 1)];
}

/** The payload: `text` is cut where a recording's is long. */
function textOf(frame: RecordedFrame): string {
  return frame.payload?.toString("utf8") ?? "";
}
