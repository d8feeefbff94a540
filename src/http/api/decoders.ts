import type { Endpoint } from "./Endpoint.js";
import { list } from "./Parameter.js";
import { listPage, q, select } from "./pageParameters.js";
import { fileParameters } from "./rules.js";

/** `/decoders` (dapi.md 3.5). */
export const decoderEndpoints: readonly Endpoint[] = [
  {
    method: "GET",
    path: "/decoders",
    call: "wazuh.decoder:get_decoders",
    summary: "Decoders",
    parameters: [
      list("decoder_names", "Names of decoders", "names"),
      ...listPage(["filename", "position"]),
      select,
      q,
      ...fileParameters,
    ],
  },
  {
    method: "GET",
    path: "/decoders/parents",
    call: "wazuh.decoder:get_decoders",
    summary: "Decoders that have no parent",
    fixed: { parents: true },
    parameters: [...listPage(["filename", "position"]), select],
  },
  {
    method: "GET",
    path: "/decoders/files",
    call: "wazuh.decoder:get_decoders_files",
    summary: "Files with decoders",
    parameters: [...listPage(["filename"]), ...fileParameters],
  },
];
