import { describe, expect, test } from "vitest";
import { z } from "zod";
import { Catalogue } from "../../../src/dapi/catalogue/Catalogue.js";
import { createCatalogue } from "../../../src/dapi/catalogue/index.js";
import { ParsedFiles } from "../../../src/dapi/catalogue/ruleset/ParsedFiles.js";
import { defineFunction } from "../../../src/dapi/CatalogueFunction.js";
import { wazuhResult } from "../../../src/dapi/results/ApiResult.js";
import { MusterError } from "../../../src/protocol/errors/MusterError.js";

const make = (module: string, qualname: string) =>
  defineFunction({
    module,
    qualname,
    requestType: "local_any",
    permission: { action: "a:read", resource: "*:*" },
    readOnly: true,
    schema: z.strictObject({}),
    run: () => Promise.resolve(wazuhResult({})),
  });

function refusalOf(catalogue: Catalogue, module: string, qualname: string): MusterError {
  try {
    catalogue.resolve(module, qualname);
  } catch (error) {
    if (error instanceof MusterError) return error;
  }
  throw new Error("was taken");
}

describe("a catalogue", () => {
  const one = make("wazuh.a", "f");
  const other = make("wazuh.b", "Class.f");
  const catalogue = new Catalogue([one], [other]);

  test("finds a function by its module and qualified name alone", () => {
    expect(catalogue.find("wazuh.a", "f")).toBe(one);
    expect(catalogue.resolve("wazuh.b", "Class.f")).toBe(other);
    expect(catalogue.find("wazuh.b", "f")).toBeUndefined();
    expect(catalogue.find("wazuh.a:f", "")).toBeUndefined();
    expect(catalogue.entries).toEqual([one, other]);
  });

  test("refuses an unknown function as the reference does", () => {
    const error = refusalOf(catalogue, "wazuh.a", "constructor");
    expect(error).toMatchObject({ code: 1000, errorClass: "WazuhInternalError", cmdError: true });
    expect(error.message).toBe(
      "Function 'constructor' from module 'wazuh.a' is not exposed with @dapi_allower decorator",
    );
  });

  test("refuses a foreign package", () => {
    expect(refusalOf(catalogue, "os", "system").message).toBe("Decoding callable from module 'os' is not allowed");
    expect(refusalOf(catalogue, "", "").message).toBe("Decoding callable from module '' is not allowed");
  });

  test("repeats only the beginning of a long name", () => {
    expect(refusalOf(catalogue, "wazuh.a", "x".repeat(10_000)).message.length).toBeLessThan(300);
  });

  test("can't have a function twice", () => {
    expect(() => new Catalogue([one], [make("wazuh.a", "f")])).toThrow("wazuh.a:f twice");
  });
});

test("the node's catalogue has the functions of all subjects", () => {
  const catalogue = createCatalogue(new ParsedFiles(() => Promise.resolve()));
  const names = catalogue.entries.map(({ module, qualname, requestType }) => `${requestType} ${module}.${qualname}`);
  expect(names).toEqual([
    "local_any wazuh.rule.get_rules",
    "local_any wazuh.rule.get_rules_files",
    "local_any wazuh.rule.get_groups",
    "local_any wazuh.rule.get_requirement",
    "local_any wazuh.decoder.get_decoders",
    "local_any wazuh.decoder.get_decoders_files",
    "local_master wazuh.cdb_list.get_lists",
    "local_master wazuh.cdb_list.get_path_lists",
    "local_any wazuh.cluster.get_node_wrapper",
    "local_master wazuh.cluster.get_nodes_info",
    "local_master wazuh.cluster.get_health_nodes",
    "local_master wazuh.cluster.get_status_json",
    "local_any wazuh.cluster.read_config_wrapper",
    "local_master wazuh.agent.get_agents",
    "local_master wazuh.agent.get_agents_summary_status",
    "local_master wazuh.agent.get_agents_summary_os",
    "local_master wazuh.agent.get_full_overview",
    "local_master wazuh.agent.get_distinct_agents",
    "local_master wazuh.agent.get_agents_sync_group",
    "distributed_master wazuh.agent.restart_agents",
    "distributed_master wazuh.agent.restart_agents_by_node",
    "distributed_master wazuh.agent.restart_agents_by_group",
    "local_master wazuh.core.agent.Agent.get_agents_overview",
    "local_master wazuh.agent.get_agent_groups",
    "local_master wazuh.agent.get_agents_in_group",
    "local_master wazuh.agent.get_group_files",
    "distributed_master wazuh.manager.get_status",
    "distributed_master wazuh.manager.get_basic_info",
    "distributed_master wazuh.manager.read_ossec_conf",
    "distributed_master wazuh.manager.get_config",
    "distributed_master wazuh.manager.validation",
    "distributed_master wazuh.manager.restart",
    "distributed_master wazuh.manager.ossec_log",
    "distributed_master wazuh.manager.ossec_log_summary",
    "distributed_master wazuh.stats.totals",
    "distributed_master wazuh.stats.hourly",
    "distributed_master wazuh.stats.weekly",
    "distributed_master wazuh.stats.get_daemons_stats",
    "local_master muster.cluster.get_steps",
  ]);
  const changing = catalogue.entries.filter(({ readOnly }) => !readOnly).map(({ qualname }) => qualname);
  expect(changing).toEqual(["restart_agents", "restart_agents_by_node", "restart_agents_by_group", "restart"]);
});
