/** The file that `--kafka-config` names. A run goes on with what it came to (`kafka-entry.ts`). */
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { type ClientProperties, readClientProperties } from "./client-properties.ts";
import type { FileReading } from "./tls-properties.ts";

/** Far more than settings or certificates have. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;

/** Throws KAFKA_CONFIG_REFUSED with all that is wrong. */
export function readKafkaConfig(path: string): ClientProperties {
  const file = readWhole(path);
  if (file.kind === "failed") throw createError("KAFKA_CONFIG_REFUSED", { path, problems: [`it ${file.reason}`] });
  // As Java reads them; the paths in it are, as for Java, from the current folder.
  const reading = readClientProperties(file.bytes.toString("latin1"), readWhole);
  if (reading.kind === "refused") throw createError("KAFKA_CONFIG_REFUSED", { path, problems: reading.problems });
  return reading.properties;
}

function readWhole(path: string): FileReading {
  try {
    const full = resolve(path);
    const stats = statSync(full);
    if (!stats.isFile()) return { kind: "failed", reason: "is not a file" };
    if (stats.size > FILE_BYTES_MAX) {
      return { kind: "failed", reason: `has ${stats.size} bytes, and at most ${FILE_BYTES_MAX} are read` };
    }
    return { kind: "read", bytes: readFileSync(full) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { kind: "failed", reason: code === "ENOENT" ? "is not there" : `cannot be read (${code})` };
  }
}
