import type { NewAgent } from "../../../../src/agents/NewAgent.js";

/** 2026-01-01T00:00:00Z, the fixture clock's time, in seconds. */
export const NOW = 1_767_225_600;

const HOUR = 3600;

/** Agents of every status, on two nodes, in no, one and several groups. */
export const AGENTS: readonly NewAgent[] = [
  {
    id: 1,
    name: "web01",
    ip: "10.0.0.1",
    register_ip: "any",
    internal_key: "k3y-of-web01",
    os_name: "Ubuntu",
    os_version: "20.04",
    os_major: "20",
    os_minor: "04",
    os_platform: "ubuntu",
    version: "Wazuh v4.3.0",
    node_name: "worker1",
    merged_sum: "d41d8cd98f00b204e9800998ecf8427e",
    date_add: NOW - 40 * HOUR,
    last_keepalive: NOW - 60,
    connection_status: "active",
    groups: ["default"],
  },
  {
    id: 2,
    name: "Web02",
    ip: "10.0.0.2",
    os_name: "Ubuntu",
    os_version: "9.10",
    os_major: "9",
    os_minor: "10",
    os_platform: "ubuntu",
    version: "Wazuh v3.13.2",
    node_name: "worker2",
    date_add: NOW - 30 * HOUR,
    last_keepalive: NOW - 2 * HOUR,
    connection_status: "disconnected",
    groups: ["default", "web"],
  },
  {
    id: 3,
    name: "db_1",
    ip: "10.0.1.3",
    os_name: "Debian GNU/Linux",
    os_version: "11",
    os_major: "11",
    os_minor: "0",
    os_platform: "debian",
    version: "Wazuh v4.1.5",
    node_name: "worker1",
    date_add: NOW - 20 * HOUR,
    last_keepalive: NOW - 30,
    connection_status: "active",
    groups: ["web"],
  },
  {
    id: 10,
    name: "dbx1",
    register_ip: "10.0.1.10",
    ip: null,
    node_name: "unknown",
    date_add: NOW - 10 * HOUR,
    connection_status: "never_connected",
    groups: [],
  },
];
