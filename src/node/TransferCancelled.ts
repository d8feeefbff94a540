import { MusterError } from "../protocol/errors/MusterError.js";

/** The peer has given up waiting for a file (`cancel_task`): error 3040 with what had been sent by then. */
export class TransferCancelled extends MusterError {
  readonly bytes: number;

  constructor(path: string, bytes: number) {
    super("WazuhClusterError", 3040, { extraMessage: `the peer gave the transfer of ${path} up after ${String(bytes)} bytes` });
    this.bytes = bytes;
  }
}
