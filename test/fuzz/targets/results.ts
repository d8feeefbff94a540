import { decodeResult, encodeResult } from "../../../src/dapi/encoding/resultJson.js";
import { mergeResults } from "../../../src/dapi/results/mergeResults.js";
import { renderError, renderResult } from "../../../src/dapi/results/renderResult.js";
import { MusterError } from "../../../src/protocol/errors/MusterError.js";
import { mustEqual, takenOrRefused, type FuzzTarget } from "../FuzzTarget.js";
import { recordedDapi } from "./recorded.js";

/** Results of other nodes: read, written, merged, shown. */
export const results: FuzzTarget = {
  name: "results",
  corpus: () => recordedDapi("result"),
  dictionary: ["__wazuh_result__", "__wazuh_exception__", "AffectedItemsWazuhResult", "WazuhResult", "__class__", "__object__", "affected_items", "sort_fields", "sort_casting", '["int"]', '["str"]', '["eval"]', "sort_ascending", "total_affected_items", "failed_items_keys", "failed_items_values", "str_priority", "older_than", "dikt"],
  run: (input) => {
    const result = takenOrRefused(() => decodeResult(input.toString("utf8")), MusterError);
    if (result === undefined) return;
    const sent = encodeResult(result);
    mustEqual(encodeResult(decodeResult(sent)), sent, "a result changes by travelling on");
    const merged = mergeResults([result, decodeResult(sent)]);
    if (merged instanceof MusterError) renderError(merged);
    else renderResult(merged);
  },
};
