import { DEFAULT_LIMITS } from "../../../../src/config/Limits.js";
import { Channel } from "../../../../src/protocol/Channel.js";
import type { ChannelOptions, IncomingRequest } from "../../../../src/protocol/Channel.js";
import { plainCipher } from "../../../../src/protocol/Cipher.js";
import { zip43 } from "../../../../src/protocol/dialects/zip43.js";
import type { MusterError } from "../../../../src/protocol/errors/MusterError.js";
import { ManualClock } from "../../../support/manualClock.js";
import { MemoryPair } from "../../../support/memoryLink.js";
import type { MemoryLink, MemoryPairOptions } from "../../../support/memoryLink.js";
import { seededRandom } from "../../../support/seededRandom.js";

/** What an end does with a request of the other. */
export type Handler = (request: IncomingRequest, channel: Channel) => void | Promise<void>;

export interface EndOptions extends Partial<Omit<ChannelOptions, "onRequest" | "onClosed">> {
  readonly onRequest?: Handler;
  /** @default true */
  readonly greeted?: boolean;
}

/** One end of a pair under test: the channel, its link, and what it told its owner. */
export interface End {
  readonly channel: Channel;
  readonly link: MemoryLink;
  readonly requests: IncomingRequest[];
  readonly closings: (MusterError | null)[];
}

/** Echoes every request; the default of both ends. */
export const echoing: Handler = (request, channel) => channel.answer(request.counter, "ok", request.payload);

function makeEnd(link: MemoryLink, clock: ManualClock, seed: number, options: EndOptions = {}): End {
  const { onRequest = echoing, greeted = true, ...rest } = options;
  const requests: IncomingRequest[] = [];
  const closings: (MusterError | null)[] = [];
  const channel: Channel = new Channel({
    link,
    cipher: plainCipher,
    dialect: zip43,
    clock,
    random: seededRandom(seed),
    limits: DEFAULT_LIMITS,
    timeoutClusterRequest: 20,
    onRequest: (request) => {
      requests.push(request);
      return onRequest(request, channel);
    },
    onClosed: (reason) => closings.push(reason),
    ...rest,
  });
  if (greeted) channel.setGreeted();
  link.owner = channel;
  return { channel, link, requests, closings };
}

/** Two channels that talk to each other over memory. */
export function channelPair(options: { link?: MemoryPairOptions; first?: EndOptions; second?: EndOptions } = {}) {
  const clock = new ManualClock();
  const pair = new MemoryPair(options.link);
  const first = makeEnd(pair.first, clock, 1, options.first);
  const second = makeEnd(pair.second, clock, 2, options.second);
  return { clock, pair, first, second };
}
