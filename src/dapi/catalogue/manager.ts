import { z } from "zod";
import type { NodeConfig } from "../../config/NodeConfig.js";
import { type CatalogueFunction, defineFunction } from "../CatalogueFunction.js";
import { listPageArguments, listSelectArguments, pageOfList } from "../query/arguments.js";
import { wazuhResult } from "../results/ApiResult.js";
import { activeConf } from "./manager/activeConf.js";
import { basicInfo } from "./manager/basicInfo.js";
import { daemonStatus } from "./manager/daemonStatus.js";
import { itemsOfNode, nodeIdOf, type NodeMessages, whenClustered } from "./manager/NodeMessages.js";
import { readConf, readRawConf } from "./manager/readConf.js";
import { readLog, summarizeLog } from "./manager/readLog.js";
import { requestRestart } from "./manager/requestRestart.js";
import { validateConf } from "./manager/validateConf.js";
import { answerOf } from "./ruleset/answerOf.js";
import type { ParsedFiles } from "./ruleset/ParsedFiles.js";

/** Longest name of a section, a field, a component, a tag, in characters. */
const LONGEST_NAME = 256;

const LOG_FIELDS = ["timestamp", "tag", "level", "description"];

const shared = {
  module: "wazuh.manager",
  requestType: "distributed_master",
  permission: { action: "cluster:read", resource: "node:id" },
  readOnly: true,
} as const;

const name = z.string().max(LONGEST_NAME);
const noArguments = z.strictObject({});

/** `… in specified node` for a node of a cluster; `some` is given as it is (dapi.md 3.2). */
function messagesOf(config: NodeConfig, all: string, some: string, none: string): NodeMessages {
  const where = whenClustered(config, " in specified node");
  return { allMessage: `${all}${where}`, someMessage: some, noneMessage: `${none}${where}` };
}

/** The functions of a node itself (dapi.md 3.2). @param parsed where its parsed configuration is kept */
export function managerFunctions(parsed: ParsedFiles): readonly CatalogueFunction[] {
  return [
    defineFunction({
      ...shared,
      qualname: "get_status",
      schema: noArguments,
      run: (_, context) =>
        itemsOfNode(
          context,
          messagesOf(
            context.config,
            "Processes status was successfully read",
            "Could not read basic information in some nodes",
            "Could not read processes status",
          ),
          async () => [await daemonStatus(context)],
        ),
    }),
    defineFunction({
      ...shared,
      qualname: "get_basic_info",
      schema: noArguments,
      run: (_, context) =>
        itemsOfNode(
          context,
          messagesOf(
            context.config,
            "Basic information was successfully read",
            "Could not read basic information in some nodes",
            "Could not read basic information",
          ),
          async () => [await basicInfo(context)],
        ),
    }),
    defineFunction({
      ...shared,
      qualname: "read_ossec_conf",
      schema: z.strictObject({
        section: name.nullish(),
        field: name.nullish(),
        raw: z.boolean().nullish().describe("The file's text instead of its JSON; the whole file."),
      }),
      run: async ({ section, field, raw }, context) => {
        const messages = messagesOf(
          context.config,
          "Configuration was successfully read",
          "Could not read configuration in some nodes",
          "Could not read configuration",
        );
        // As the reference answers: a text alone, which becomes a result with that message.
        let text: string | undefined;
        const result = await itemsOfNode(context, messages, async () => {
          if (raw !== true) return [await readConf(context, parsed, { section, field })];
          text = await readRawConf(context, parsed);
          return [];
        });
        return text === undefined ? result : wazuhResult({ message: text });
      },
    }),
    defineFunction({
      ...shared,
      qualname: "get_config",
      schema: z.strictObject({ component: name.default(""), config: name.default("") }),
      run: (args, context) =>
        itemsOfNode(
          context,
          messagesOf(
            context.config,
            "Active configuration was successfully read",
            "Could not read active configuration in some nodes",
            "Could not read active configuration",
          ),
          async () => {
            const active = await activeConf(context, args);
            return Object.keys(active).length === 0 ? [] : [active];
          },
        ),
    }),
    defineFunction({
      ...shared,
      qualname: "validation",
      schema: noArguments,
      run: (_, context) =>
        itemsOfNode(
          context,
          {
            allMessage: `Validation was successfully checked${whenClustered(context.config, " in all nodes")}`,
            someMessage: "Could not check validation in some nodes",
            noneMessage: `Could not check validation${whenClustered(context.config, " in any node")}`,
            sortFields: ["name"],
            sortCasting: ["str"],
          },
          async () => {
            await validateConf(context);
            return [{ name: nodeIdOf(context.config), status: "OK" }];
          },
        ),
    }),
    defineFunction({
      ...shared,
      qualname: "restart",
      permission: { action: "cluster:restart", resource: "node:id" },
      readOnly: false,
      schema: noArguments,
      run: (_, context) =>
        itemsOfNode(
          context,
          {
            // Two spaces: clients of this dialect know the text so.
            allMessage: "Restart request sent to  all specified nodes",
            someMessage: "Could not send restart request to some specified nodes",
            noneMessage: "Could not send restart request to any node",
            sortCasting: ["str"],
          },
          async () => {
            await requestRestart(context);
            return [nodeIdOf(context.config)];
          },
        ),
    }),
    defineFunction({
      ...shared,
      qualname: "ossec_log",
      schema: z.strictObject({
        ...listPageArguments,
        q: listSelectArguments.q,
        level: name.nullish().describe("info, error, critical, warning or debug"),
        tag: name.nullish().describe("The daemon that wrote it, for example `wazuh-remoted`."),
      }),
      run: async (args, context) =>
        answerOf(
          await readLog(context),
          pageOfList(args),
          messagesOf(
            context.config,
            "Logs were successfully read",
            "Could not read logs in some nodes",
            "Could not read logs",
          ),
          {
            filters: { level: args.level?.toLowerCase() || null, tag: args.tag || null },
            allowedSortFields: LOG_FIELDS,
            allowedQueryFields: LOG_FIELDS,
          },
        ),
    }),
    defineFunction({
      ...shared,
      qualname: "ossec_log_summary",
      schema: noArguments,
      run: (_, context) =>
        itemsOfNode(
          context,
          messagesOf(
            context.config,
            "Log was successfully summarized",
            "Could not summarize the log in some nodes",
            "Could not summarize the log",
          ),
          async () => summarizeLog(await readLog(context)),
        ),
    }),
  ];
}
