import { expect, test } from "vitest";
import type { DaemonSockets } from "../../../src/dapi/CatalogueFunction.js";
import { RulesetReload } from "../../../src/node/worker/RulesetReload.js";
import { ManualClock } from "../../support/manualClock.js";
import { memoryLogger } from "../../support/memoryLogger.js";

const MESSAGE = '{"version":1,"origin":{"module":"cluster"},"command":"reload-ruleset","parameters":{}}';

function reloadWith(exchange: DaemonSockets["exchange"]) {
  const asked: unknown[] = [];
  const logger = memoryLogger();
  const clock = new ManualClock();
  const daemons: DaemonSockets = {
    sendDatagram: () => Promise.reject(new Error("no datagrams")),
    exchange: (path, message, options) => {
      asked.push([path, message]);
      return exchange(path, message, options);
    },
  };
  return { asked, logger, clock, reload: new RulesetReload({ clock, logger, daemons }) };
}

test("a round that changed no rules, and that nobody marked, is followed by nothing", async () => {
  const { asked, reload } = reloadWith(() => Promise.resolve('{"error":0}'));
  await reload.roundEnded();
  expect(asked).toEqual([]);
});

test("a marked round is followed by one reload, the next one by none", async () => {
  const { asked, reload, logger } = reloadWith(() => Promise.resolve('{"error":0,"message":"ok"}'));
  reload.want();
  reload.want();
  await reload.roundEnded();
  await reload.roundEnded();
  expect(asked).toEqual([["queue/sockets/analysis", MESSAGE]]);
  expect(logger.messages("info")).toEqual(["The rules were loaded anew."]);
});

test("a mark during a reload brings another one", async () => {
  const answers: ((text: string) => void)[] = [];
  const { asked, reload } = reloadWith(() => new Promise((resolve) => answers.push(resolve)));
  reload.want();
  const ended = reload.roundEnded();
  reload.want();
  await reload.roundEnded();
  expect(asked).toHaveLength(1);
  answers[0]?.('{"error":0}');
  await Promise.resolve();
  while (answers.length < 2) await new Promise((resolve) => setImmediate(resolve));
  answers[1]?.('{"error":0}');
  await ended;
  expect(asked).toHaveLength(2);
});

test("a node without analysisd is no fault; a refusal and a silence are told", async () => {
  const absent = reloadWith(() => Promise.reject(Object.assign(new Error("no such socket"), { code: "ENOENT" })));
  absent.reload.want();
  await absent.reload.roundEnded();
  expect(absent.logger.messages("error")).toEqual([]);

  const refusing = reloadWith(() => Promise.resolve('{"error":1,"message":"bad rule"}'));
  refusing.reload.want();
  await refusing.reload.roundEnded();
  expect(refusing.logger.messages("error")).toEqual(["analysisd did not load the rules anew: bad rule"]);

  const silent = reloadWith((_, __, { signal }) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error))));
  silent.reload.want();
  const ended = silent.reload.roundEnded();
  silent.clock.advance(10_000);
  await ended;
  expect(silent.logger.messages("error")).toEqual(["analysisd did not load the rules anew (queue/sockets/analysis): no answer within 10 s"]);
});
