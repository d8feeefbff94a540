/**
 * Where the compiled code of a thread stands: `workers/<name>.js` below the build's folder. Works from the build,
 * and from the sources when tests load them directly; Node's threads can't load TypeScript, so the sources'
 * threads are those of the last build (`npm test` builds first).
 */
export function threadEntry(name: "pool" | "agentStore"): URL {
  const build = import.meta.url.endsWith(".ts") ? "../../../dist/" : "../../../";
  return new URL(`${build}workers/${name}.js`, import.meta.url);
}
