import type { Settings } from "../config/settings/schema.js";
import type { Clock } from "../protocol/Clock.js";
import type { Logger } from "../telemetry/Logger.js";
import type { LinkTls } from "./ports/LinkTls.js";

/** The certificates of a running node. */
export interface CertificateWatch {
  /** Reads them at once, and where they are by other settings. @throws MusterError, and the present ones hold on */
  reload(settings: Settings["tls"]): Promise<void>;
  stop(): void;
}

/**
 * Reads the link's certificates again every `seconds`, so that renewed ones need no restart; warns of one that
 * ends. What can't be used is told once, until it changes.
 */
export function watchCertificates(
  tls: LinkTls,
  seconds: number,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): CertificateWatch {
  let timer: unknown;
  let isStopped = false;
  let told = "";
  const tell = (text: string | undefined): void => {
    if (text !== undefined && text !== told) logger.warn(text, { subtag: "Main" });
    told = text ?? "";
  };
  const read = async (settings?: Settings["tls"]): Promise<void> => {
    if (await tls.reload(settings)) logger.info("New certificates: connections from here on use them.", { subtag: "Main" });
  };
  const look = async (): Promise<void> => {
    const failure = await read().then(
      () => undefined,
      (error: unknown) => `Certificates can't be read again: ${error instanceof Error ? error.message : String(error)}`,
    );
    tell(failure ?? tls.expiryWarning(clock.wallTime()));
    wait();
  };
  const wait = (): void => {
    if (!isStopped) timer = clock.setTimeout(() => void look(), seconds * 1000);
  };
  tell(tls.expiryWarning(clock.wallTime()));
  wait();
  return {
    reload: (settings) => read(settings),
    stop: () => {
      isStopped = true;
      clock.clearTimeout(timer);
    },
  };
}
