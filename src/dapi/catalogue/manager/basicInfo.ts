import type { FunctionContext } from "../../CatalogueFunction.js";
import { timeZoneAt } from "./timeZoneAt.js";

const OPENSSL_STATEMENT = "select value from info where key = 'openssl_support'";

/** What a node says of itself (dapi.md 3.2, get_basic_info). */
export async function basicInfo(context: FunctionContext): Promise<Readonly<Record<string, unknown>>> {
  const { config, version, clock } = context;
  const now = new Date(clock.wallTime());
  const zone = timeZoneAt(now);
  return {
    path: config.root,
    version: `v${version}`,
    // The reference has no date of its compilation any more and gives the request's instant, as recorded.
    compilation_date: now,
    type: "server",
    max_agents: "unlimited",
    openssl_support: await opensslSupport(context),
    tz_offset: zone.offset,
    tz_name: zone.name,
  };
}

/** `yes` or `no`, as the store knows it; `N/A` when it doesn't, or can't be asked. */
async function opensslSupport({ store, signal }: FunctionContext): Promise<string> {
  try {
    const { rows } = await store.query(OPENSSL_STATEMENT, { signal });
    const value = rows[0]?.value;
    return typeof value === "string" && value !== "" ? value : "N/A";
  } catch {
    return "N/A";
  }
}
