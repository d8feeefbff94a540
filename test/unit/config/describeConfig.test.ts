import { describe, expect, it } from "vitest";
import { describeConfig } from "../../../src/config/describeConfig.js";
import { describeOrigins } from "../../../src/config/describeOrigins.js";
import { readNodeConfig } from "../../../src/config/readNodeConfig.js";
import { checkNodeConfig } from "../../../src/config/resolveNodeConfig.js";
import { isSecretName, MASK, maskSecret, maskSecrets } from "../../../src/config/secrets.js";

const KEY = "9d273b53510fef702b54a92e9cffc82e";
const OSSEC_CONF = `<ossec_config>
<cluster>
<key>${KEY}</key>
<nodes><node>10.0.0.1</node></nodes>
<old_key>${KEY}</old_key>
<haproxy_helper><haproxy_user>u</haproxy_user><haproxy_password>hunter2</haproxy_password></haproxy_helper>
</cluster>
</ossec_config>`;

function reading(ossecConf: string, clusterJson?: string) {
  return readNodeConfig({
    root: "/node",
    readFile: (path) => {
      if (path.endsWith("ossec.conf")) return ossecConf;
      if (clusterJson !== undefined && path.endsWith("cluster.json")) return clusterJson;
      throw Object.assign(new Error("none"), { code: "ENOENT" });
    },
  });
}

function shown(ossecConf: string, clusterJson?: string): Map<string, string> {
  const { config } = checkNodeConfig(reading(ossecConf, clusterJson));
  if (config === undefined) throw new Error("no valid configuration");
  return new Map(describeConfig(config).map(({ name, value }) => [name, value]));
}

describe("a configuration for people", () => {
  it("names values as the files do", () => {
    const values = shown(OSSEC_CONF);
    expect(values.get("root")).toBe("/node");
    expect(values.get("cluster.node_name")).toBe("node01");
    expect(values.get("cluster.nodes")).toBe("10.0.0.1");
    expect(values.get("cluster.disabled")).toBe("no");
    expect(values.get('files["etc/shared/"]')).toBe("0o660, all, recursive, remove_subdirs_if_empty");
    expect(values.get('files["queue/agent-groups/"]')).toBe("0o660, all, recursive, extra_valid");
    expect(values.get("files.excluded_extensions")).toBe("~ .tmp .lock .swp");
    expect(values.get("intervals.worker.max_failed_keepalive_attempts")).toBe("2");
    expect(values.get("distributed_api.enabled")).toBe("true");
    expect(values.get("limits.helloTimeout")).toBe("10");
  });

  it("masks the key and what is named like a secret, however deep", () => {
    const values = shown(OSSEC_CONF);
    expect(values.get("cluster.key")).toBe(MASK);
    expect(values.get("cluster.old_key")).toBe(MASK);
    expect(values.get("cluster.haproxy_helper")).toBe(`{"haproxy_user":"u","haproxy_password":"${MASK}"}`);
    expect([...values.values()].join()).not.toContain(KEY);
  });

  it("says when there is no key", () => {
    expect(shown("").get("cluster.key")).toBe("(not set)");
  });

  it("has one line for every interval of the defaults", () => {
    const names = [...shown(OSSEC_CONF).keys()].filter((name) => name.startsWith("intervals."));
    expect(names).toHaveLength(21);
  });
});

describe("where values come from", () => {
  it("is the element's line", () => {
    const origins = describeOrigins(reading(OSSEC_CONF));
    expect(origins.get("cluster.key")).toBe("/node/etc/ossec.conf:3");
    expect(origins.get("cluster.nodes")).toBe("/node/etc/ossec.conf:4");
    expect(origins.get("cluster.haproxy_helper")).toBe("/node/etc/ossec.conf");
    expect(origins.has("cluster.port")).toBe(false);
  });

  it("is cluster.json for what it sets", () => {
    const json = '{"files": {"etc/": {"recursive": true}}, "intervals": {"worker": {"keep_alive": 1}}}';
    const origins = describeOrigins(reading(OSSEC_CONF, json));
    expect(origins.get('files["etc/"]')).toBe("/node/etc/cluster.json");
    expect(origins.get("intervals.worker.keep_alive")).toBe("/node/etc/cluster.json");
    expect(origins.has("intervals.worker.sync_integrity")).toBe(false);
  });

  it("says why a cluster without a block is off", () => {
    expect(describeOrigins(reading("")).get("cluster.disabled")).toBe("no <cluster> block in /node/etc/ossec.conf");
  });
});

describe("names of secrets", () => {
  it.each([
    "key",
    "KEY",
    "old_key",
    "cluster.key",
    "--key",
    "password",
    "haproxy_password",
    "client_cert_key",
    "token",
    "accessToken",
    "Authorization",
    "cookie",
    "secrets",
  ])("%s is one", (name) => expect(isSecretName(name)).toBe(true));

  it.each(["keepAlive", "keep_alive", "cluster_item_key", "monkey", "keyboard", "name", "node_name", "port"])(
    "%s is none",
    (name) => expect(isSecretName(name)).toBe(false),
  );

  it("are masked in lists and objects, the rest is left as it is", () => {
    expect(maskSecrets({ a: [{ key: 1, b: null }], token: { x: 1 } })).toEqual({
      a: [{ key: MASK, b: null }],
      token: MASK,
    });
    expect(maskSecret("x")).toBe(maskSecret("a much longer secret"));
  });
});
