/** Frames built by hand, apart from the product's encoder. */
export function rawFrame(counter: number, command: string, body: string | Uint8Array, flag = "-"): Buffer {
  const payload = Buffer.from(body);
  const header = Buffer.alloc(20, "-");
  header.writeUInt32BE(counter, 0);
  header.writeUInt32BE(payload.length, 4);
  header.write(`${command} `, 8, "latin1");
  if (command.length < 11 || flag !== "-") header.write(flag, 19, "latin1");
  return Buffer.concat([header, payload]);
}

/** The parts of one frame, taken apart by hand. */
export function readFrame(frame: Buffer) {
  return {
    counter: frame.readUInt32BE(0),
    length: frame.readUInt32BE(4),
    field: frame.toString("latin1", 8, 20),
    body: frame.subarray(20),
  };
}
