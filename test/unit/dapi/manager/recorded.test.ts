import { describe, expect, test } from "vitest";
import { DAEMONS } from "../../../../src/dapi/daemonState.js";
import { timeZoneAt } from "../../../../src/dapi/catalogue/manager/timeZoneAt.js";
import type { FunctionContext } from "../../../../src/dapi/CatalogueFunction.js";
import { parseRequest } from "../../../../src/dapi/encoding/requestJson.js";
import { encodeResult } from "../../../../src/dapi/encoding/resultJson.js";
import type { NodeConfig } from "../../../../src/config/NodeConfig.js";
import { createCatalogue } from "../../../../src/dapi/catalogue/index.js";
import { ManualClock } from "../../../support/manualClock.js";
import { readRecording } from "../../../support/recordings.js";
import { nodeFixture } from "../nodeFixture.js";

interface Exchange {
  readonly recording: string;
  readonly requestText: string;
  readonly resultText: string;
}

interface Result {
  readonly __wazuh_result__: { readonly __object__: { readonly affected_items: Record<string, unknown>[] } };
}

/** What recorded nodes were asked that they ran themselves, and what they said. */
function exchanges(qualname: string): Exchange[] {
  return ["second-worker", "local-master"].flatMap((recording) => {
    const texts = readRecording(recording).frames.map((frame) => ({
      command: frame.command,
      // A request, and a string's piece, have an id or a node's name in front.
      text: (frame.text ?? "").replace(/^[\w-]+ (?=\{)/, ""),
    }));
    const requests = texts.filter(
      ({ text }) => text.includes(`"__qualname__": "${qualname}"`) && text.includes('"from_cluster": true'),
    );
    const items = qualname === "get_status" ? "Processes status" : "Basic information was";
    const results = texts.filter(({ command, text }) => command === "str_upd" && text.includes(items));
    // Results of one node only: merged ones are the master's.
    const single = results.filter(
      ({ text }) => (JSON.parse(text) as Result).__wazuh_result__.__object__.affected_items.length === 1,
    );
    return requests.slice(0, single.length).map(({ text }, index) => ({
      recording,
      requestText: text,
      resultText: single[index]?.text ?? "",
    }));
  });
}

/** Runs a recorded request as a node of the recorded cluster would, on a node whose state is as the result tells. */
async function answerTo(
  requestText: string,
  tree: Record<string, string>,
  more: Partial<FunctionContext>,
): Promise<string> {
  const request = parseRequest(requestText);
  const node = await nodeFixture(tree, {
    context: { cluster: { running: true } as FunctionContext["cluster"], ...more },
  });
  const definition = createCatalogue(node.parsed).resolve(request.module, request.qualname);
  return encodeResult(await definition.run(definition.schema.parse(request.arguments), { ...node.context, request }));
}

describe("get_status", () => {
  const recorded = exchanges("get_status");

  test("was recorded", () => expect(recorded.length).toBeGreaterThanOrEqual(3));

  test.each(recorded)("answers as recorded in $recording", async ({ requestText, resultText }) => {
    const states = (JSON.parse(resultText) as Result).__wazuh_result__.__object__.affected_items[0] ?? {};
    const running = DAEMONS.filter((daemon) => states[daemon] === "running");
    const tree = Object.fromEntries(running.map((daemon) => [`var/run/${daemon}-${String(process.pid)}.pid`, ""]));
    expect(await answerTo(requestText, tree, {})).toBe(resultText);
  });
});

describe("get_basic_info", () => {
  const recorded = exchanges("get_basic_info");

  test("was recorded", () => expect(recorded.length).toBeGreaterThanOrEqual(3));

  test.each(recorded)("answers as recorded in $recording", async ({ requestText, resultText }) => {
    const expected = JSON.parse(resultText) as Result;
    const [info = {}] = expected.__wazuh_result__.__object__.affected_items;
    const date = info.compilation_date as { readonly __wazuh_datetime__: string };
    const at = Date.parse(`${date.__wazuh_datetime__.slice(0, 23)}Z`);
    const answer = await answerTo(
      requestText,
      {},
      {
        clock: new ManualClock(at),
        config: { root: "/var/ossec", cluster: { nodeName: "worker2", disabled: false } } as NodeConfig,
        store: { query: () => Promise.resolve({ rows: [], total: 0 }) } as unknown as FunctionContext["store"],
      },
    );
    const zone = timeZoneAt(new Date(at));
    // Not of the data: the recorded tree had no version, its clock ran in microseconds, and in UTC.
    const known = {
      version: "v4.3.0",
      compilation_date: { __wazuh_datetime__: `${date.__wazuh_datetime__.slice(0, 23)}000` },
      tz_offset: zone.offset,
      tz_name: zone.name,
    };
    const [own = {}] = (JSON.parse(answer) as Result).__wazuh_result__.__object__.affected_items;
    expect(Object.keys(own)).toEqual(Object.keys(info));
    Object.assign(info, known);
    expect(JSON.parse(answer)).toEqual(expected);
  });
});
