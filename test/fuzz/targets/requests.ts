import { createCatalogue } from "../../../src/dapi/catalogue/index.js";
import { ParsedFiles } from "../../../src/dapi/catalogue/ruleset/ParsedFiles.js";
import { formatRequest, parseRequest } from "../../../src/dapi/encoding/requestJson.js";
import { MusterError } from "../../../src/protocol/errors/MusterError.js";
import { mustEqual, takenOrRefused, type FuzzTarget } from "../FuzzTarget.js";
import { recordedDapi, texts } from "./recorded.js";

const catalogue = createCatalogue(new ParsedFiles(async () => undefined));

/** Distributed requests: read, written, read again; their function found in the catalogue or not at all, their arguments judged. */
export const requests: FuzzTarget = {
  name: "requests",
  corpus: () => [...recordedDapi("request"), ...texts('{"f": {"__callable__": {"__name__": "get_agents", "__module__": "wazuh.agent", "__qualname__": "get_agents", "__type__": "function"}}, "f_kwargs": {"d": {"__wazuh_datetime__": "2021-06-01T10:00:00"}}, "nodes": ["a"], "api_timeout": 3}')],
  dictionary: ["__callable__", "__module__", "__qualname__", "__name__", "__wazuh_datetime__", "__unhandled_exc__", "f_kwargs", "request_type", "local_master", "distributed_master", "rbac_permissions", "os.system", "builtins", "subprocess", "api_timeout", "nodes", "2021-06-01T10:00:00"],
  run: (input) => {
    const request = takenOrRefused(() => parseRequest(input.toString("utf8")), MusterError);
    if (request === undefined) return;
    mustEqual(parseRequest(formatRequest(request)), request, "a request changes by travelling on");
    const found = takenOrRefused(() => catalogue.resolve(request.module, request.qualname), MusterError);
    found?.schema.safeParse(request.arguments);
  },
};
