import { z } from "zod";
import { setting, settingRows } from "./setting.js";

/** Longest time in seconds: timers count milliseconds in a signed 32-bit number. */
const LONGEST_SECONDS = 2_147_483;

const seconds = (fallback: number) => z.number().positive().max(LONGEST_SECONDS).default(fallback);
const switched = (fallback: boolean) => z.boolean().default(fallback);
/** A path is one line; a key or a certificate written here instead of its file's name is none. */
const path = () => z.string().regex(/^(?![A-Za-z0-9_]{32}$)[^\u0000-\u001f]+$/);
const optionalPath = () => path().nullable().default(null);
const optionalName = () => z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,31}\$?$/).nullable().default(null);
const ON_OFF = "true or false";
const PATH = "a path, relative to the root or absolute";
const SECONDS = `a number of seconds above 0 and up to ${LONGEST_SECONDS}`;
const ACCOUNT = "the name of an account of this machine";

/** `HOST:PORT`; an IPv6 address stands in brackets. */
const LISTEN = /^(?:off|(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.%]+\]):(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5]|0))$/;

const http = z.strictObject({
  listen: setting(z.string().regex(LISTEN).default("127.0.0.1:1517"), {
    about: "Where the HTTP interface listens.",
    allowed: "HOST:PORT or off",
    example: "0.0.0.0:1517",
    reload: "restart",
  }),
  insecure: setting(switched(false), {
    about: "Allows an address other than loopback without TLS.",
    allowed: ON_OFF,
    example: "true",
    reload: "restart",
  }),
  inspector: setting(z.enum(["login", "open", "off"]).default("login"), {
    about: "Who may see the inspector's page: users, everybody on loopback, nobody.",
    allowed: "login, open or off",
    example: "open",
    reload: "restart",
  }),
  stately: setting(switched(false), {
    about: "Serves the machines' events to Stately's viewer, on this machine alone and without a login.",
    allowed: ON_OFF,
    example: "true",
    reload: "restart",
  }),
  readyWithin: setting(seconds(60), {
    about: "How long a worker may be out of step before `/readyz` says so.",
    allowed: SECONDS,
    unit: "s",
    example: "30",
    reload: "restart",
  }),
  tls: z
    .strictObject({
      certificate: setting(optionalPath(), {
        about: "The certificate of the HTTP interface, with its chain, as PEM.",
        allowed: PATH,
        example: "etc/http.pem",
        reload: "restart",
      }),
      key: setting(optionalPath(), {
        about: "The certificate's private key, as PEM.",
        allowed: PATH,
        example: "etc/http.key",
        reload: "restart",
      }),
    })
    .prefault({}),
});

const tls = z.strictObject({
  enabled: setting(switched(false), {
    about: "Mutual TLS around the cluster link; all nodes or none.",
    allowed: ON_OFF,
    example: "true",
    reload: "restart",
  }),
  ca: setting(optionalPath(), {
    about: "Certificates that sign the nodes' certificates, as PEM.",
    allowed: PATH,
    example: "etc/tls/ca.pem",
    reload: "new connections",
  }),
  certificate: setting(optionalPath(), {
    about: "This node's certificate, with its chain, as PEM.",
    allowed: PATH,
    example: "etc/tls/node.pem",
    reload: "new connections",
  }),
  key: setting(optionalPath(), {
    about: "The certificate's private key, as PEM.",
    allowed: PATH,
    example: "etc/tls/node.key",
    reload: "new connections",
  }),
  checkNames: setting(switched(true), {
    about: "A node's name must stand in its certificate (a DNS name, or the common name).",
    allowed: ON_OFF,
    example: "false",
    reload: "new connections",
  }),
  masterName: setting(z.string().min(1).max(253).nullable().default(null), {
    about: "On workers: the name in the master's certificate, if it is not the address in `<nodes>`.",
    allowed: "a name of 1 to 253 characters",
    example: "master-node",
    reload: "new connections",
  }),
  recheck: setting(seconds(60), {
    about: "Between two looks whether the files above have changed.",
    allowed: SECONDS,
    unit: "s",
    example: "3600",
    reload: "restart",
  }),
});

const keys = z.strictObject({
  files: setting(z.array(path()).min(1).default(["etc/cluster.keys"]), {
    about: "Files with accepted keys, one a line, the first of all is used for sending. Where one of them exists, `<key>` is not used.",
    allowed: "a list of paths, relative to the root or absolute",
    example: "[/run/secrets/cluster-key]",
    reload: "at once",
  }),
});

const log = z.strictObject({
  level: setting(z.enum(["error", "warning", "info", "debug", "debug2"]).default("info"), {
    about: "The least urgent lines that are written.",
    allowed: "error, warning, info, debug or debug2",
    example: "debug",
    reload: "at once",
  }),
  format: setting(z.enum(["reference", "json"]).default("reference"), {
    about: "Lines of `logs/cluster.log`: as log rules for Wazuh clusters expect them, or JSON with all fields.",
    allowed: "reference or json",
    example: "json",
    reload: "restart",
  }),
  daily: setting(switched(true), {
    about: "A new `logs/cluster.log` every midnight; the old one is compressed into `logs/cluster/<year>/<month>/`.",
    allowed: ON_OFF,
    example: "false",
    reload: "restart",
  }),
  bytes: setting(z.int().min(4096).default(512 * 1024 * 1024), {
    about: "A new file also when it would become larger than this.",
    allowed: "a whole number from 4096",
    unit: "bytes",
    example: "104857600",
    reload: "restart",
  }),
  keep: setting(z.int().min(1).max(10_000).default(366), {
    about: "Compressed files that are kept; the oldest go first.",
    allowed: "a whole number from 1 to 10000",
    example: "31",
    reload: "restart",
  }),
});

const daemon = z.strictObject({
  user: setting(optionalName(), {
    about: "The account that a node started by root runs as. `muster clusterd` takes `wazuh` without it.",
    allowed: ACCOUNT,
    example: "wazuh",
    reload: "restart",
  }),
  group: setting(optionalName(), {
    about: "Its group.",
    allowed: "the name of a group of this machine",
    example: "wazuh",
    reload: "restart",
  }),
  drain: setting(z.number().positive().max(3600).default(10), {
    about: "How long a stopping node waits until its connections are closed; what still runs then is cancelled.",
    allowed: "a number of seconds above 0 and up to 3600",
    unit: "s",
    example: "30",
    reload: "restart",
  }),
  coreDumps: setting(switched(false), {
    about: "Lets the system write a core dump of a crashed node; it would hold the cluster's keys.",
    allowed: ON_OFF,
    example: "true",
    reload: "restart",
  }),
});

/** What `etc/muster.yaml` can set, limits aside: they stand in `Limits.ts`. Every default is here. */
export const SETTINGS = z.strictObject({
  dialect: z
    .strictObject({
      id: setting(z.string().regex(/^[\w.-]+$/).nullable().default(null), {
        about: "The protocol's dialect, the same on all nodes. Without it a master takes that of its workers, and a worker speaks 4.3-zip.",
        allowed: "a dialect: 4.3-zip or 4.14",
        example: "4.14",
        reload: "restart",
      }),
      version: setting(z.string().regex(/^\d+\.\d+\.\d+$/).nullable().default(null), {
        about: "The version that this node tells others; the dialect's own without it.",
        allowed: "a version such as 4.3.0",
        example: "4.3.9",
        reload: "restart",
      }),
    })
    .prefault({}),
  http: http.prefault({}),
  tls: tls.prefault({}),
  keys: keys.prefault({}),
  push: z
    .strictObject({
      enabled: setting(switched(true), {
        about: "Changes are announced between muster nodes, instead of waiting for the next round; a master watches its files for them.",
        allowed: ON_OFF,
        example: "false",
        reload: "restart",
      }),
    })
    .prefault({}),
  store: z
    .strictObject({
      serveWdb: setting(switched(false), {
        about: "Serves the embedded agent store on `queue/db/wdb` for other programs.",
        allowed: ON_OFF,
        example: "true",
        reload: "restart",
      }),
    })
    .prefault({}),
  api: z
    .strictObject({
      workersMayChange: setting(switched(false), {
        about: "On a master: workers may ask it for functions that change something, for example a restart.",
        allowed: ON_OFF,
        example: "true",
        reload: "restart",
      }),
    })
    .prefault({}),
  log: log.prefault({}),
  daemon: daemon.prefault({}),
});

/** What a node's `etc/muster.yaml`, environment and command line settle, besides limits. */
export type Settings = Readonly<z.infer<typeof SETTINGS>>;

/** Every setting, in the order of the schema. */
export const SETTING_ROWS = settingRows(SETTINGS);

/** The settings of a node without a `muster.yaml`. */
export function defaultSettings(): Settings {
  return SETTINGS.parse({});
}
