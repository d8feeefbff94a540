import { createServer } from "node:net";

/** A process of its own: sends back whatever comes over the Unix socket that is its argument. */
createServer((socket) => socket.pipe(socket)).listen(process.argv[2]);
