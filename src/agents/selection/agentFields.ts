/** How a field is compared: text without regard to case, whole number, instant, or a list of groups. */
export type AgentFieldKind = "text" | "number" | "instant" | "groups";

interface FieldTraits {
  /** The column, or an expression over columns, of table `agent`. */
  readonly expression: string;
  readonly kind: AgentFieldKind;
}

const text = (expression: string): FieldTraits => ({ expression, kind: "text" });

/** The fields of an agent by the names that API items give them (dapi.md 3.3, 6.4), in the reference's order. */
const FIELDS = {
  id: { expression: "id", kind: "number" },
  name: text("name"),
  ip: text("coalesce(ip,register_ip)"),
  status: text("connection_status"),
  "os.name": text("os_name"),
  "os.version": text("os_version"),
  "os.platform": text("os_platform"),
  version: text("version"),
  manager: text("manager_host"),
  dateAdd: { expression: "date_add", kind: "instant" },
  group: { expression: "`group`", kind: "groups" },
  mergedSum: text("merged_sum"),
  configSum: text("config_sum"),
  "os.codename": text("os_codename"),
  "os.major": text("os_major"),
  "os.minor": text("os_minor"),
  "os.uname": text("os_uname"),
  "os.arch": text("os_arch"),
  "os.build": text("os_build"),
  node_name: text("node_name"),
  lastKeepAlive: { expression: "last_keepalive", kind: "instant" },
  registerIP: text("register_ip"),
} as const satisfies Readonly<Record<string, FieldTraits>>;

export type AgentField = keyof typeof FIELDS;

/** All fields. The agents' keys are none of them: nobody may select, sort by, search or query them. */
export const AGENT_FIELDS = Object.freeze(Object.keys(FIELDS) as AgentField[]);

export function isAgentField(name: string): name is AgentField {
  return Object.hasOwn(FIELDS, name);
}

export function fieldTraits(field: AgentField): FieldTraits {
  return FIELDS[field];
}
