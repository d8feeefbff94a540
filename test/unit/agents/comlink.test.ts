import * as Comlink from "comlink";
import { MessageChannel } from "node:worker_threads";
import { describe, expect, onTestFinished, test } from "vitest";
import { comlinkEndpoint } from "../../../workers/comlinkEndpoint.js";
import { keepErrorCodes } from "../../../workers/comlinkErrors.js";

/** An object on the other end of a channel. */
function remote<T>(api: T): Comlink.Remote<T> {
  keepErrorCodes();
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => {
    port1.close();
    port2.close();
  });
  Comlink.expose(api, comlinkEndpoint(port1));
  return Comlink.wrap<T>(comlinkEndpoint(port2));
}

describe("a call to another thread", () => {
  test("gives its value", async () => {
    expect(await remote({ add: (a: number, b: number) => a + b }).add(2, 3)).toBe(5);
  });

  test.each(["EACCES", 2003])("keeps an error's code %s, text and class's name", async (code) => {
    const fail = (): never => {
      throw Object.assign(new TypeError("not allowed"), { code });
    };
    await expect(remote({ fail }).fail()).rejects.toMatchObject({
      name: "ThreadError",
      message: "not allowed",
      code,
      remoteName: "TypeError",
    });
  });

  test("has no code where there was none, or one that can't travel", async () => {
    const fail = (code: unknown): never => {
      throw Object.assign(new Error("x"), { code });
    };
    await expect(remote({ fail }).fail(undefined)).rejects.toMatchObject({ code: null });
    await expect(remote({ fail }).fail({ deep: 1 })).rejects.toMatchObject({ code: null });
  });

  test("hands on what is thrown and no error", async () => {
    const fail = (): never => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- that is what is tried here
      throw "a text";
    };
    await expect(remote({ fail }).fail()).rejects.toBe("a text");
  });
});

test("an endpoint's listener can be taken away, also one that is an object", async () => {
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  const endpoint = comlinkEndpoint(port1);
  const heard: unknown[] = [];
  const listener = { handleEvent: ({ data }: { data: unknown }) => void heard.push(data) };
  endpoint.addEventListener("message", listener);
  port2.postMessage(1);
  await new Promise((resolve) => port1.once("message", resolve));
  endpoint.removeEventListener("message", listener);
  endpoint.removeEventListener("message", listener);
  port2.postMessage(2);
  await new Promise((resolve) => port1.once("message", resolve));
  expect(heard).toEqual([1]);
});
