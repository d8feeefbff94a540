import { join, resolve } from "node:path";

/** The files that make up a node's configuration, as absolute paths (interface.md, files). */
export interface ConfigPaths {
  /** The node's data directory without a trailing slash. */
  readonly root: string;
  readonly ossecConf: string;
  /** Need not exist. */
  readonly clusterJson: string;
  /** Need not exist either. */
  readonly musterYaml: string;
}

/**
 * Where the configuration of the node at `root` lies.
 *
 * @param ossecConf another ossec.conf than `<root>/etc/ossec.conf`
 */
export function configPaths(root: string, ossecConf?: string): ConfigPaths {
  const absolute = resolve(root);
  return {
    root: absolute,
    ossecConf: ossecConf === undefined ? join(absolute, "etc", "ossec.conf") : resolve(ossecConf),
    clusterJson: join(absolute, "etc", "cluster.json"),
    musterYaml: join(absolute, "etc", "muster.yaml"),
  };
}
