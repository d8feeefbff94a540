import { decodeResult, encodeResult } from "../../dapi/encoding/resultJson.js";
import type { ApiResult } from "../../dapi/results/ApiResult.js";
import { MusterError } from "../../protocol/errors/MusterError.js";

/**
 * The answer to a distributed request, as JSON, as a value, or both: each form is made when it is first needed. An
 * answer of another node that is only handed on stays byte for byte as it came.
 */
export class DapiAnswer {
  #json: string | undefined;
  #value: ApiResult | MusterError | undefined;

  private constructor(json: string | undefined, value: ApiResult | MusterError | undefined) {
    this.#json = json;
    this.#value = value;
  }

  static ofJson(json: string): DapiAnswer {
    return new DapiAnswer(json, undefined);
  }

  static of(value: ApiResult | MusterError): DapiAnswer {
    return new DapiAnswer(undefined, value);
  }

  get json(): string {
    this.#json ??= encodeResult(this.value);
    return this.#json;
  }

  /** What can't be read is an error, too. */
  get value(): ApiResult | MusterError {
    if (this.#value === undefined) {
      try {
        this.#value = decodeResult(this.#json ?? "");
      } catch (error) {
        this.#value = MusterError.from(error);
      }
    }
    return this.#value;
  }
}
