import { decodeException, encodeException } from "../../../src/protocol/errors/exceptionJson.js";
import { parseTaskAndError } from "../../../src/protocol/payloads.js";
import { MusterError } from "../../../src/protocol/errors/MusterError.js";
import { must, mustEqual, takenOrRefused, type FuzzTarget } from "../FuzzTarget.js";
import { recordedPayloads, texts } from "./recorded.js";

/** Exceptions as JSON: every text gives one, and what it is does not change by travelling on. */
export const exceptions: FuzzTarget = {
  name: "exceptions",
  corpus: () => [
    ...recordedPayloads(["err"]),
    ...recordedPayloads(["syn_i_w_m_r", "syn_m_c_r"], true),
    ...texts('{"__wazuh_exception__": {"__class__": "WazuhError", "__object__": {"code": 1701, "extra_message": {"a": [1]}, "ids": ["1"], "dapi_errors": {"w": {"error": "x", "logfile": "y"}}}}}'),
  ],
  dictionary: ["__wazuh_exception__", "__class__", "__object__", "__unhandled_exc__", "__args__", "WazuhClusterError", "WazuhInternalError", "extra_message", "dapi_errors", '"ids": ["001"]', '"code": 3000', "cmd_error", "title"],
  run: (input) => {
    const text = input.toString("utf8");
    const error = decodeException(text);
    must(error instanceof MusterError, "a text gives no exception");
    must(Object.getPrototypeOf(error.dapiErrors) === Object.prototype, "the node errors have an odd prototype");
    const sent = encodeException(error);
    mustEqual(encodeException(decodeException(sent)), sent, "an exception changes by travelling on");
    takenOrRefused(() => parseTaskAndError("syn_i_w_m_r", input), MusterError);
  },
};
