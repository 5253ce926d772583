/** The Kafka that the options name: where it is, how one gets in, and the file by which other processes do. */
import { resolve } from "node:path";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import type { HostPort } from "../../simulator/common/foundation/address.ts";
import { writeJson } from "../../simulator/common/foundation/json-file.ts";
import { type KafkaAccess, PLAINTEXT } from "../../simulator/common/foundation/kafka-security.ts";
import type { KafkaFiles } from "../model/connection.ts";
import { readKafkaConfig } from "./config-file.ts";

export interface KafkaEntry {
  readonly access: KafkaAccess;
  /** The full path of the user's client properties; null where none were given. */
  readonly configFile: string | null;
  /** Settings in it that are not used. */
  readonly ignored: readonly string[];
}

/** Throws KAFKA_CONFIG_REFUSED. `path`: of --kafka-config. */
export function readKafkaEntry(bootstrap: readonly HostPort[], path: string | null): KafkaEntry {
  if (path === null) return { access: { bootstrap, security: PLAINTEXT }, configFile: null, ignored: [] };
  const { security, ignored } = readKafkaConfig(path);
  return { access: { bootstrap, security }, configFile: resolve(path), ignored };
}

/** A copy of what the properties came to: the user's files may change or go while it is needed. Null where there are none. */
export async function placeKafkaFiles(
  { access, configFile }: Pick<KafkaEntry, "access" | "configFile">,
  folder: string,
): Promise<KafkaFiles | null> {
  if (configFile === null) return null;
  const security = runFolder.kafkaSecurity(folder);
  await writeJson(security, access.security, { durable: false });
  return { config: configFile, security };
}
