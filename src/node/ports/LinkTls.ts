import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { checkServerIdentity, createSecureContext } from "node:tls";
import type { ConnectionOptions, PeerCertificate } from "node:tls";
import type { Settings } from "../../config/settings/schema.js";
import { MusterError } from "../../protocol/errors/MusterError.js";

/** What both ends of a link need, as PEM. */
export interface TlsMaterial {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly minVersion: "TLSv1.2";
}

const DAY = 86_400_000;
/** Milliseconds before its end from which a certificate is warned about. */
const EXPIRY_NOTICE = 21 * DAY;

/**
 * The certificates of the cluster link. They are read again on request: connections that are open keep theirs, new
 * ones get the new ones.
 */
export class LinkTls {
  readonly #root: string;
  #settings: Settings["tls"];
  #material: TlsMaterial;
  readonly #listeners = new Set<(material: TlsMaterial) => void>();

  private constructor(root: string, settings: Settings["tls"], material: TlsMaterial) {
    this.#root = root;
    this.#settings = settings;
    this.#material = material;
  }

  /** @throws MusterError 3004 that names the file that can't be used, and why */
  static async load(root: string, settings: Settings["tls"]): Promise<LinkTls> {
    return new LinkTls(root, settings, await readMaterial(root, settings));
  }

  get material(): TlsMaterial {
    return this.#material;
  }

  /** Reads the files again. True when they have changed. @throws MusterError 3004, and what was there holds on */
  async reload(settings: Settings["tls"] = this.#settings): Promise<boolean> {
    const material = await readMaterial(this.#root, settings);
    this.#settings = settings;
    const { ca, cert, key } = this.#material;
    if (material.ca === ca && material.cert === cert && material.key === key) return false;
    this.#material = material;
    for (const listener of this.#listeners) listener(material);
    return true;
  }

  /** Calls `listener` with each change. Returns how to end that. */
  watch(listener: (material: TlsMaterial) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What a worker connects with. @param host the master's address in `<nodes>` */
  connectOptions(host: string): ConnectionOptions {
    const { checkNames, masterName } = this.#settings;
    return {
      ...this.#material,
      checkServerIdentity: (servername, certificate) => {
        if (!checkNames) return undefined;
        if (masterName === null) return checkServerIdentity(servername === "" ? host : servername, certificate);
        const names = namesOf(certificate);
        return names.includes(masterName) ? undefined : new Error(`the master's certificate names ${names.join(", ")}, not ${masterName}`);
      },
    };
  }

  /**
   * Whether a worker may have a name, going by its certificate.
   *
   * @returns a refusal for both sides; undefined: it may
   */
  judge(nodeName: string, peerNames: readonly string[]): MusterError | undefined {
    if (!this.#settings.checkNames || peerNames.includes(nodeName)) return undefined;
    const names = peerNames.length === 0 ? "no name" : peerNames.join(", ");
    const advice = "Give the node a certificate with its name, or its name in etc/ossec.conf that of the certificate";
    return MusterError.cluster(3000, `the certificate of node ${nodeName} names ${names}. ${advice}`);
  }

  /** A line when this node's certificate has ended, or does so soon. */
  expiryWarning(wallTime: number): string | undefined {
    const { validTo } = new X509Certificate(this.#material.cert);
    const left = Date.parse(validTo) - wallTime;
    if (left > EXPIRY_NOTICE) return undefined;
    return `This node's certificate ${left <= 0 ? "has ended" : "ends"} on ${validTo}: put a new one into ${String(this.#settings.certificate)}.`;
  }
}

/** The names of a peer's certificate: its DNS names and its common name. */
export function namesOf({ subject, subjectaltname }: Pick<PeerCertificate, "subject" | "subjectaltname">): readonly string[] {
  const alternatives = (subjectaltname ?? "").split(", ").flatMap((entry) => (entry.startsWith("DNS:") ? [entry.slice("DNS:".length)] : []));
  const common: unknown = (subject as Partial<PeerCertificate["subject"]> | undefined)?.CN;
  return [...new Set([...alternatives, ...(typeof common === "string" ? [common] : [])])];
}

async function readMaterial(root: string, settings: Settings["tls"]): Promise<TlsMaterial> {
  const [ca, cert, key] = await Promise.all((["ca", "certificate", "key"] as const).map((name) => readPem(root, name, settings[name])));
  const material: TlsMaterial = { ca: ca ?? "", cert: cert ?? "", key: key ?? "", minVersion: "TLSv1.2" };
  try {
    createSecureContext(material);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw MusterError.cluster(3004, `tls: the certificates can't be used: ${reason}. Check that tls.key belongs to tls.certificate`, { cause: error });
  }
  return material;
}

async function readPem(root: string, name: string, path: string | null): Promise<string> {
  const file = isAbsolute(path ?? "") ? (path ?? "") : join(root, path ?? "");
  const refuse = (reason: string, cause?: unknown): MusterError => MusterError.cluster(3004, `tls.${name}: ${file}: ${reason}`, { cause });
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw refuse(`it can't be read (${error instanceof Error ? error.message : String(error)})`, error);
  }
  if (!text.includes("-----BEGIN ")) throw refuse("it is no PEM file");
  return text;
}
