import { z } from "zod";
import { type CatalogueFunction, defineFunction } from "../CatalogueFunction.js";
import { listPageArguments, listSelectArguments, pageOfList } from "../query/arguments.js";
import { findLists, listPath, type ListFile } from "./lists/findLists.js";
import { listFileError } from "./lists/listErrors.js";
import { cdbListParser } from "./lists/parseCdbList.js";
import { answerOf } from "./ruleset/answerOf.js";
import { folderForm, nameList } from "./ruleset/filterArguments.js";
import { failedFiles, loadRuleset } from "./ruleset/loadRuleset.js";
import type { ParsedFiles } from "./ruleset/ParsedFiles.js";

const LISTS = {
  allMessage: "All specified lists were returned",
  someMessage: "Some lists were not returned",
  noneMessage: "No list was returned",
};
const PATHS = {
  allMessage: "All specified paths were returned",
  someMessage: "Some paths were not returned",
  noneMessage: "No path was returned",
};

const FIELDS = ["relative_dirname", "filename"];

const shared = {
  module: "wazuh.cdb_list",
  requestType: "local_master",
  permission: { action: "lists:read", resource: "list:file" },
  readOnly: true,
} as const;

const whichArguments = { filename: nameList.nullish(), relative_dirname: z.string().nullish() };

/** The functions of CDB lists (dapi.md 3.5). @param parsed where parsed files are kept */
export function listFunctions(parsed: ParsedFiles): readonly CatalogueFunction[] {
  return [
    defineFunction({
      ...shared,
      qualname: "get_lists",
      schema: z.strictObject({ ...listPageArguments, ...whichArguments, select: listSelectArguments.select }),
      run: async (args, context) => {
        const wanted = (await findLists(context, parsed)).filter((file) => isWanted(file, args));
        const { loaded, failed } = await loadRuleset(context, parsed, wanted, {
          parser: cdbListParser,
          pathOf: listPath,
          errorOf: listFileError,
        });
        const lists = loaded.map(({ file, parsed: items }) => ({ ...file, items }));
        return answerOf(lists, pageOfList(args), LISTS, {
          allowedSortFields: FIELDS,
          requiredFields: FIELDS,
          failed: failedFiles(failed, listPath),
        });
      },
    }),
    defineFunction({
      ...shared,
      qualname: "get_path_lists",
      schema: z.strictObject({ ...listPageArguments, ...whichArguments }),
      run: async (args, context) => {
        const files = await findLists(context, parsed);
        return answerOf(
          files.filter((file) => isWanted(file, args)),
          pageOfList(args),
          PATHS,
          { allowedSortFields: FIELDS },
        );
      },
    }),
  ];
}

function isWanted(
  file: ListFile,
  {
    filename,
    relative_dirname: folder,
  }: {
    readonly filename?: readonly string[] | null | undefined;
    readonly relative_dirname?: string | null | undefined;
  },
): boolean {
  return (!filename || filename.includes(file.filename)) && (!folder || folderForm(folder) === file.relative_dirname);
}
