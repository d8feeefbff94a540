import { describe, expect, it } from "vitest";
import { readClusterJson, resolveClusterItems } from "../../../src/config/clusterJson.js";
import { ConfigurationError } from "../../../src/config/ConfigurationError.js";
import { defaultClusterItems } from "../../../src/config/defaultClusterItems.js";

const FILE = "/node/etc/cluster.json";
const PREFIX = `Error 3005 - Error reading cluster JSON file: ${FILE}:1: `;
const read = (json: unknown) => readClusterJson(typeof json === "string" ? json : JSON.stringify(json), FILE);
const messages = (json: unknown): string[] => read(json).problems.map((problem) => problem.message);

describe("the defaults", () => {
  it("hold without the file", () => {
    expect(readClusterJson(undefined, FILE)).toEqual({
      items: defaultClusterItems(),
      problems: [],
      warnings: [],
      given: [],
      origins: new Map(),
    });
  });

  it("are those of the dialect", () => {
    const all = { files: ["all"], recursive: true, restart: false, removeSubdirsIfEmpty: false, extraValid: false };
    expect(defaultClusterItems()).toEqual({
      files: {
        "etc/": { ...all, permissions: 0o640, files: ["client.keys"], recursive: false },
        "etc/shared/": { ...all, permissions: 0o660, removeSubdirsIfEmpty: true },
        "var/multigroups/": { ...all, permissions: 0o660, files: ["merged.mg"], removeSubdirsIfEmpty: true },
        "etc/rules/": { ...all, permissions: 0o660, restart: true },
        "etc/decoders/": { ...all, permissions: 0o660, restart: true },
        "etc/lists/": { ...all, permissions: 0o660, restart: true },
        "queue/agent-groups/": { ...all, permissions: 0o660, extraValid: true },
      },
      excludedFiles: ["ar.conf", "ossec.conf"],
      excludedExtensions: ["~", ".tmp", ".lock", ".swp"],
      intervals: {
        worker: {
          syncIntegrity: 9,
          syncAgentInfo: 10,
          syncAgentInfoKoRetry: 1,
          keepAlive: 60,
          connectionRetry: 10,
          maxFailedKeepaliveAttempts: 2,
          timeoutAgentGroups: 40,
          agentGroupsMismatchLimit: 5,
        },
        master: {
          recalculateIntegrity: 8,
          checkWorkerLastKeepalive: 60,
          maxAllowedTimeWithoutKeepalive: 120,
          syncAgentGroups: 10,
          agentGroupStartDelay: 30,
          maxLockedIntegrityTime: 1000,
        },
        communication: {
          timeoutClusterRequest: 20,
          timeoutDapiRequest: 200,
          timeoutReceivingFile: 120,
          maxZipSize: 1024 ** 3,
          minZipSize: 30 * 1024 ** 2,
          compressLevel: 1,
          zipLimitTolerance: 0.2,
        },
      },
      distributedApiEnabled: true,
    });
  });

  it("are the same for an empty object", () => {
    expect(read({}).items).toEqual(defaultClusterItems());
  });

  it("are a copy of their own each time", () => {
    expect(defaultClusterItems().files["etc/"]).not.toBe(defaultClusterItems().files["etc/"]);
  });
});

describe("the deep merge", () => {
  it("changes one interval, in fractions of seconds too, and leaves the others", () => {
    const { items, given } = read({ intervals: { worker: { sync_integrity: 0.25 } } });
    const expected = defaultClusterItems();
    expect(items).toEqual({
      ...expected,
      intervals: { ...expected.intervals, worker: { ...expected.intervals.worker, syncIntegrity: 0.25 } },
    });
    expect(given).toEqual(["intervals.worker.sync_integrity"]);
  });

  it("reads every interval under its name of the reference", () => {
    const { items, problems, warnings } = read({
      intervals: {
        worker: {
          sync_integrity: 1,
          sync_agent_info: 2,
          sync_agent_info_ko_retry: 3,
          keep_alive: 4,
          connection_retry: 5,
          max_failed_keepalive_attempts: 6,
          timeout_agent_groups: 7,
          agent_groups_mismatch_limit: 8,
        },
        master: {
          recalculate_integrity: 9,
          check_worker_lastkeepalive: 10,
          max_allowed_time_without_keepalive: 11,
          sync_agent_groups: 12,
          agent_group_start_delay: 13,
          max_locked_integrity_time: 14,
        },
        communication: {
          timeout_cluster_request: 15,
          timeout_dapi_request: 16,
          timeout_receiving_file: 17,
          max_zip_size: 18,
          min_zip_size: 19,
          compress_level: 9,
          zip_limit_tolerance: 0.5,
        },
      },
    });
    expect(Object.values(items.intervals).flatMap((section) => Object.values(section))).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 9, 0.5,
    ]);
    expect([...problems, ...warnings]).toEqual([]);
  });

  it("passes over what later releases list and nothing reads", () => {
    const { warnings, problems } = read({
      intervals: {
        worker: { sync_agent_groups: 30 },
        master: { process_pool_size: 2, timeout_extra_valid: 40, timeout_agent_info: 40 },
      },
    });
    expect([...problems, ...warnings]).toEqual([]);
  });

  it("changes one value of an item and leaves its others", () => {
    const { items } = read({ files: { "etc/rules/": { permissions: "0o640" } } });
    expect(items.files["etc/rules/"]).toEqual({ ...defaultClusterItems().files["etc/rules/"], permissions: 0o640 });
    expect(Object.keys(items.files)).toHaveLength(7);
  });

  it("adds an item, its flags off unless said", () => {
    const { items } = read({ files: { "etc/custom/deep/": { permissions: "0o600", files: ["a.txt"] } } });
    expect(items.files["etc/custom/deep/"]).toEqual({
      permissions: 0o600,
      files: ["a.txt"],
      recursive: false,
      restart: false,
      removeSubdirsIfEmpty: false,
      extraValid: false,
    });
  });

  it("replaces lists", () => {
    const { items } = read({
      files: { excluded_files: ["ossec.conf", "x"], excluded_extensions: [".bak"], "etc/": { files: [] } },
    });
    expect(items).toMatchObject({
      excludedFiles: ["ossec.conf", "x"],
      excludedExtensions: [".bak"],
      files: { "etc/": { files: [] } },
    });
  });

  it("reads the reference's own file without a word", () => {
    const reading = read({
      files: {
        "etc/": {
          permissions: "0o640",
          source: "master",
          files: ["client.keys"],
          recursive: false,
          restart: false,
          remove_subdirs_if_empty: false,
          extra_valid: false,
          description: "client keys file database",
        },
        excluded_files: ["ar.conf", "ossec.conf"],
        excluded_extensions: ["~", ".tmp", ".lock", ".swp"],
      },
      intervals: { worker: { sync_integrity: 9 } },
      sync_options: { get_agentinfo_newer_than: 1800 },
      distributed_api: { enabled: true },
    });
    expect(reading.items).toEqual(defaultClusterItems());
    expect([...reading.problems, ...reading.warnings]).toEqual([]);
  });

  it("turns the distributed API off", () => {
    expect(read({ distributed_api: { enabled: false } }).items.distributedApiEnabled).toBe(false);
  });

  it("takes a file with a byte order mark", () => {
    expect(read('\uFEFF{"distributed_api": {"enabled": false}}').items.distributedApiEnabled).toBe(false);
  });

  it.each([
    ["0o660", 0o660],
    ["0660", 0o660],
    ["0o0", 0],
    ["0777", 0o777],
    [432, 0o660],
    [0o640, 0o640],
  ])("reads the permissions %j", (permissions, mode) => {
    expect(read({ files: { "etc/": { permissions } } }).items.files["etc/"]?.permissions).toBe(mode);
  });
});

describe("a mistake is named by its JSON path", () => {
  it.each<[string, unknown, string]>([
    [
      "a text as interval",
      { intervals: { worker: { sync_integrity: "x" } } },
      'intervals.worker.sync_integrity: "x" is not a number of seconds above 0',
    ],
    [
      "a number in quotes",
      { intervals: { worker: { keep_alive: "60" } } },
      'intervals.worker.keep_alive: "60" is not a number of seconds above 0',
    ],
    [
      "zero seconds",
      { intervals: { master: { recalculate_integrity: 0 } } },
      "intervals.master.recalculate_integrity: 0 is not a number of seconds above 0",
    ],
    [
      "negative seconds",
      { intervals: { communication: { timeout_receiving_file: -1 } } },
      "intervals.communication.timeout_receiving_file: -1 is not a number of seconds above 0",
    ],
    [
      "no seconds",
      { intervals: { worker: { keep_alive: null } } },
      "intervals.worker.keep_alive: null is not a number of seconds above 0",
    ],
    [
      "more seconds than a timer can wait",
      { intervals: { worker: { keep_alive: 2147484 } } },
      "intervals.worker.keep_alive: 2147484 is more than 2147483 seconds, the longest that a timer can wait",
    ],
    [
      "an infinite number",
      '{"intervals": {"worker": {"keep_alive": 1e999}}}',
      "intervals.worker.keep_alive: Infinity is not a number of seconds above 0",
    ],
    [
      "half an attempt",
      { intervals: { worker: { max_failed_keepalive_attempts: 1.5 } } },
      "intervals.worker.max_failed_keepalive_attempts: 1.5 is not a whole number above 0",
    ],
    ["intervals that are a list", { intervals: [] }, "intervals: [] is not an object"],
    ["a section that is a number", { intervals: { worker: 9 } }, "intervals.worker: 9 is not an object"],
    ["files that are a text", { files: "all" }, 'files: "all" is not an object'],
    ["an item that is a list", { files: { "etc/": [] } }, 'files["etc/"]: [] is not an object'],
    ["an item that is null", { files: { "etc/": null } }, 'files["etc/"]: null is not an object'],
    [
      "a flag that is a text",
      { files: { "etc/": { recursive: "yes" } } },
      'files["etc/"].recursive: "yes" is not true or false',
    ],
    [
      "permissions without a leading zero",
      { files: { "etc/": { permissions: "660" } } },
      'files["etc/"].permissions: "660" is not a file mode from 0 to 0o777, for example "0o660"',
    ],
    [
      "permissions that are no octal number",
      { files: { "etc/": { permissions: "0o680" } } },
      'files["etc/"].permissions: "0o680" is not a file mode from 0 to 0o777, for example "0o660"',
    ],
    [
      "octal permissions as a decimal number",
      { files: { "etc/": { permissions: 660 } } },
      'files["etc/"].permissions: 660 is not a file mode from 0 to 0o777, for example "0o660"',
    ],
    [
      "permissions with a set-user-id bit",
      { files: { "etc/": { permissions: "0o4755" } } },
      'files["etc/"].permissions: "0o4755" is not a file mode from 0 to 0o777, for example "0o660"',
    ],
    [
      "names that are no list",
      { files: { "etc/": { files: "all" } } },
      'files["etc/"].files: "all" is not a list of file names',
    ],
    [
      "a name that is a path",
      { files: { "etc/": { files: ["all", "../x"] } } },
      'files["etc/"].files[1]: "../x" is not a file name',
    ],
    [
      "a name that is a number",
      { files: { excluded_files: ["ossec.conf", 1] } },
      "files.excluded_files[1]: 1 is not a file name",
    ],
    [
      "an empty ending, which would exclude everything",
      { files: { excluded_extensions: [""] } },
      'files.excluded_extensions[0]: "" is not a name ending',
    ],
    [
      "a switch that is a text",
      { distributed_api: { enabled: "yes" } },
      'distributed_api.enabled: "yes" is not true or false',
    ],
    [
      "a new item without a mode",
      { files: { "etc/x/": { files: ["all"] } } },
      'files["etc/x/"].permissions: missing, a new item must give it',
    ],
    [
      "a new item without names",
      { files: { "etc/x/": { permissions: "0o660" } } },
      'files["etc/x/"].files: missing, a new item must give it',
    ],
    [
      "an item without a slash at its end",
      { files: { "etc/x": {} } },
      'files["etc/x"]: an item\'s key ends with a slash',
    ],
    [
      "an absolute item",
      { files: { "/etc/": {} } },
      'files["/etc/"]: an item\'s key is relative to the root, without a leading slash',
    ],
    [
      "an item above the root",
      { files: { "../etc/": {} } },
      "files[\"../etc/\"]: an item's key is a plain path under the root, without empty, '.' and '..' parts",
    ],
    [
      "an item that climbs on its way",
      { files: { "etc/../../x/": {} } },
      "files[\"etc/../../x/\"]: an item's key is a plain path under the root, without empty, '.' and '..' parts",
    ],
    [
      "an item with an empty part",
      { files: { "etc//x/": {} } },
      "files[\"etc//x/\"]: an item's key is a plain path under the root, without empty, '.' and '..' parts",
    ],
    [
      "an item that is the root itself",
      { files: { "./": {} } },
      "files[\"./\"]: an item's key is a plain path under the root, without empty, '.' and '..' parts",
    ],
    [
      "an item with a backslash",
      { files: { "etc\\..\\/": {} } },
      'files["etc\\\\..\\\\/"]: an item\'s key holds no backslash and no control character',
    ],
    [
      "the transfers as an item",
      { files: { "queue/cluster/": {} } },
      'files["queue/cluster/"]: transfers lie here, it can\'t be synchronised',
    ],
    ["a list instead of an object", [], "the file must hold one JSON object, {…}."],
    ["a text instead of an object", '"x"', "the file must hold one JSON object, {…}."],
  ])("%s", (_name, json, text) => {
    expect(messages(json)).toEqual([PREFIX + text]);
  });

  it("and all mistakes come at once, settings that are right are kept", () => {
    const reading = read({
      files: { "etc/": { permissions: true, recursive: true } },
      intervals: { worker: { keep_alive: -1, sync_integrity: 3 } },
      distributed_api: 1,
    });
    expect(reading.problems).toHaveLength(3);
    expect(reading.items.files["etc/"]).toMatchObject({ permissions: 0o640, recursive: true });
    expect(reading.items.intervals.worker).toMatchObject({ keepAlive: 60, syncIntegrity: 3 });
  });

  it("broken JSON is refused on one line, with what to do", () => {
    const [message] = messages('{\n  "files": }');
    expect(message).toMatch(
      /^Error 3005 - Error reading cluster JSON file: \/node\/etc\/cluster\.json: [^\n]*JSON[^\n]*\. Correct the file, or remove it to use the defaults\.$/,
    );
  });

  it("an empty file is refused", () => {
    expect(messages("")).toHaveLength(1);
  });
});

describe("a warning", () => {
  it.each<[string, unknown, string]>([
    [
      "an interval of another release",
      { intervals: { master: { sync_disconnected_agent_groups: 300 } } },
      "intervals.master.sync_disconnected_agent_groups: unknown name, ignored (known: recalculate_integrity, ",
    ],
    [
      "an unknown section",
      { intervals: { common: {} } },
      "intervals.common: unknown name, ignored (known: worker, master, communication)",
    ],
    [
      "an unknown part of the file",
      { extra: 1 },
      "extra: unknown name, ignored (known: files, intervals, distributed_api, sync_options)",
    ],
    [
      "a misspelt name in an item",
      { files: { "etc/": { recurse: true } } },
      'files["etc/"].recurse: unknown name, ignored (known: permissions, ',
    ],
    [
      "another source than the master",
      { files: { "etc/": { source: "worker" } } },
      'files["etc/"].source: files always come from the master, ignored',
    ],
    [
      "ossec.conf left out of the excluded files",
      { files: { excluded_files: [] } },
      "files.excluded_files: ossec.conf is excluded although the list does not name it",
    ],
  ])("tells of %s", (_name, json, text) => {
    const { warnings, problems } = read(json);
    expect(problems).toEqual([]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.startsWith(`${FILE}: ${text}`)).toBe(true);
  });

  it("goes with ossec.conf being excluded all the same", () => {
    expect(read({ files: { excluded_files: ["a"] } }).items.excludedFiles).toEqual(["a", "ossec.conf"]);
  });
});

describe("names of prototypes", () => {
  it("mean nothing", () => {
    const reading = read(
      '{"__proto__": {"files": 1}, "constructor": 1, "intervals": {"__proto__": {"worker": 1}, "worker": {"__proto__": {"keep_alive": 5}}}, "files": {"__proto__/": {"permissions": "0o600", "files": ["all"]}}}',
    );
    expect(reading.problems).toEqual([]);
    expect(reading.items.intervals).toEqual(defaultClusterItems().intervals);
    expect(Object.hasOwn(reading.items.files, "__proto__/")).toBe(true);
    expect(({} as Record<string, unknown>).keep_alive).toBeUndefined();
  });

  it("are no keys of items", () => {
    expect(messages('{"files": {"__proto__": {}}}')).toEqual([
      `${PREFIX}files.__proto__: an item's key ends with a slash`,
    ]);
  });
});

describe("resolveClusterItems", () => {
  it("gives the items", () => {
    expect(resolveClusterItems('{"distributed_api": {"enabled": false}}', FILE).distributedApiEnabled).toBe(false);
  });

  it("throws one error with all mistakes", () => {
    const attempt = (): unknown => resolveClusterItems('{"files": 1, "intervals": 2}', FILE);
    expect(attempt).toThrow(ConfigurationError);
    expect(attempt).toThrow(`${FILE}:1: files: 1 is not an object`);
    try {
      attempt();
    } catch (error) {
      expect((error as ConfigurationError).problems).toHaveLength(2);
    }
  });
});
