// A worker and a master of the tests' own, without a line of the product's code; each in its own file.
export { PeerRefusal } from "./peer/PeerLink.js";
export { archiveOfMissing, RawMaster } from "./peer/RawMaster.js";
export { RawWorker } from "./peer/RawWorker.js";
