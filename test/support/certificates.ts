import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** Seconds in which openssl must make a certificate, also on a busy machine. */
const DEADLINE = 60_000;

const openssl = (folder: string, ...args: readonly string[]) =>
  promisify(execFile)("openssl", args, { cwd: folder, timeout: DEADLINE });

/** Whether this machine can make certificates. */
export async function hasOpenssl(): Promise<boolean> {
  return await promisify(execFile)("openssl", ["version"]).then(
    () => true,
    () => false,
  );
}

/** Makes an authority in a folder: `ca.pem`, `ca.key`. */
export async function makeAuthority(folder: string): Promise<void> {
  await openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "100", "-subj", "/CN=test authority");
}

/** Makes a certificate of the folder's authority for a node's name and 127.0.0.1: `<file>.pem`, `<file>.key`. */
export async function makeCertificate(folder: string, file: string, name: string): Promise<void> {
  await writeFile(join(folder, `${file}.ext`), `subjectAltName=DNS:${name},IP:127.0.0.1\n`);
  await openssl(folder, "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", `${file}.key`, "-out", `${file}.csr`, "-subj", `/CN=${name}`);
  await openssl(folder, "x509", "-req", "-in", `${file}.csr`, "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", `${file}.pem`, "-days", "100", "-extfile", `${file}.ext`);
}
