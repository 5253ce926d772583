/** What is installed here, with versions, and the paths of our own programs. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findJava, findProgram } from "../../simulator/common/foundation/program.ts";

/** `dist`, where this file runs from. */
const DIST = fileURLToPath(new URL("../..", import.meta.url));
const ANSWER_MS_MAX = 15_000;

/** Thrown by a case whose peer is not installed here: the result says "missing" and the reason. */
export class MissingPart extends Error {
  override readonly name = "MissingPart";
}

/** As a user's project finds it in its `node_modules`. */
export const PACKAGE_FOLDER = join(DIST, "..");

/** A built program of ours: `programPath("apphost/main")`. */
export const programPath = (name: string): string => join(DIST, `${name}.js`);

/** As the product chooses it: JAVA_HOME first. */
/** A folder with Kafka's jars in `libs/`; undefined when KAFKA_HOME names none. */
export function findKafkaLibs(): string | undefined {
  const home = process.env["KAFKA_HOME"] ?? "";
  return home !== "" && readKafkaVersion(home) !== undefined ? join(home, "libs") : undefined;
}

const readKafkaVersion = (home: string): string | undefined =>
  findInNames(join(home, "libs"), /^kafka_[\d.]+-(\d[\w.-]*?)\.jar$/);

/** Undefined when FLINK_HOME names no folder with Flink's jars. */
export function findFlinkVersion(): string | undefined {
  const home = process.env["FLINK_HOME"] ?? "";
  return home === "" ? undefined : findInNames(join(home, "lib"), /^flink-dist-(\d[\w.-]*?)\.jar$/);
}

/** The first group of the first name in the folder that has the form. */
function findInNames(folder: string, form: RegExp): string | undefined {
  try {
    const found = readdirSync(folder).map((name) => form.exec(name)?.[1]);
    return found.find((version) => version !== undefined);
  } catch {
    // No such folder.
    return undefined;
  }
}

/** The package's own copy of another one's version; null when it is not installed. */
export function readPackageVersion(name: string): string | null {
  const require = createRequire(import.meta.url);
  const folders = require.resolve.paths(name) ?? [];
  for (const folder of folders) {
    try {
      return (JSON.parse(readFileSync(join(folder, name, "package.json"), "utf8")) as { version: string }).version;
    } catch {
      // Not in this folder; the next one may have it.
    }
  }
  return null;
}

/** null: not installed here. */
export function readVersions(): Readonly<Record<string, string | null>> {
  const own = JSON.parse(readFileSync(join(DIST, "..", "package.json"), "utf8")) as { version: string };
  return {
    "flink-apphost": own.version,
    node: process.version,
    kafka: readKafkaVersion(process.env["KAFKA_HOME"] ?? "") ?? null,
    flink: findFlinkVersion() ?? null,
    java: firstMatch(findJava(), ["-version"], /version "([^"]+)"/),
    redis: firstMatch(findProgram("redis-server"), ["--version"], /v=([\d.]+)/),
    kcat: firstMatch(findProgram("kcat"), ["-V"], /Version ([\d.]+)/),
    librdkafka: firstMatch(findProgram("kcat"), ["-V"], /librdkafka ([\d.]+)/),
    kafkajs: readPackageVersion("kafkajs"),
    "@platformatic/kafka": readPackageVersion("@platformatic/kafka"),
    "@node-rs/crc32": readPackageVersion("@node-rs/crc32"),
  };
}

function firstMatch(path: string | undefined, args: readonly string[], form: RegExp): string | null {
  if (path === undefined) return null;
  const { stdout, stderr } = spawnSync(path, args, { encoding: "utf8", timeout: ANSWER_MS_MAX });
  return form.exec(`${stdout}${stderr}`)?.[1] ?? null;
}
