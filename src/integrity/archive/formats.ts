import type { Dialect } from "../../protocol/dialects/Dialect.js";
import type { ArchiveFormat } from "./ArchiveFormat.js";
import { zipFormat } from "./zipArchiveFormat.js";
import { zlibFormat } from "./zlib/zlibFormat.js";

const FORMATS: Readonly<Record<Dialect["archive"], ArchiveFormat>> = Object.freeze({ zip: zipFormat, zlib: zlibFormat });

/** How a dialect's archives are made and read. */
export function formatOf({ archive }: Pick<Dialect, "archive">): ArchiveFormat {
  return FORMATS[archive];
}
