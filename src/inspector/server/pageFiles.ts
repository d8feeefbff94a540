import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FastifyInstance, FastifyReply } from "fastify";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** The page may load from this node alone, run no inline script, and stand in no frame. */
const POLICY = [
  "default-src 'none'",
  ...["script-src", "style-src", "img-src", "connect-src", "worker-src"].map((part) => `${part} 'self'`),
  ...["base-uri", "form-action", "frame-ancestors"].map((part) => `${part} 'none'`),
].join("; ");

const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": POLICY,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-cache",
};

/** The layout engine's files, served as their package has them. */
const ENGINE_FILES = ["elk-api.js", "elk-worker.min.js"] as const;
/** Compiled, also for one who runs the sources: a browser takes no TypeScript. */
const PAGE_FOLDER = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../../../dist/src/inspector/page/" : "../page/", import.meta.url),
);

/** Serves the page under `/inspector/`: the files that are there at the start, by name, and no others. */
export async function servePage(app: FastifyInstance): Promise<void> {
  const engine = dirname(createRequire(import.meta.url).resolve("elkjs/lib/elk-api.js"));
  const files = new Map<string, string>();
  for (const name of await readdir(PAGE_FOLDER)) {
    if (extname(name) in TYPES) files.set(name, join(PAGE_FOLDER, name));
  }
  for (const name of ENGINE_FILES) files.set(name, join(engine, name));
  const send = async (name: string, reply: FastifyReply): Promise<FastifyReply> => {
    const path = files.get(name);
    if (path === undefined) return reply.code(404).headers(HEADERS).type("text/plain").send(`There is no ${name} here.\n`);
    return reply.headers(HEADERS).type(TYPES[extname(name)] ?? "text/plain").send(createReadStream(path));
  };
  app.get("/inspector", async (_, reply) => reply.redirect("/inspector/"));
  app.get("/inspector/", async (_, reply) => send("index.html", reply));
  app.get<{ Params: { name: string } }>("/inspector/:name", async ({ params }, reply) => send(params.name, reply));
}
