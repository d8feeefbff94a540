/** Debian's package; another one by the environment variable. */
export const CHROMIUM = process.env["MUSTER_CHROMIUM"] ?? "/usr/bin/chromium";
