/**
 * What `kafka-storage format` writes into an empty log folder: `meta.properties`, the identity of a cluster and of a folder,
 * and `bootstrap.checkpoint`, the first records of the metadata log, the same for each cluster of one Kafka (its feature
 * levels, and no identity). The tool is a JVM of its own, a fifth of the time to a broker that answers. So what it wrote
 * once for a Kafka is kept, and the next broker of that Kafka is given it with an identity of its own.
 *
 * S1 Kept is only what is understood: exactly these two files, with exactly the identity that the tool was told, and nothing
 *    else in `meta.properties` than is known here. Where a Kafka writes something else, the tool formats each time.
 * S2 No identity is used twice.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describeError } from "../../simulator/common/foundation/errors.ts";
import { formatJavaProperties } from "../../simulator/common/foundation/foreign-syntax.ts";
import { readOwnFile } from "../files/own-files.ts";
import { describeJars, digestTexts, type FileKind, findKeptFile, keepFile, openCacheFolder } from "./kept-files.ts";
import { createPassword } from "./password.ts";

const STORAGES: FileKind = { begin: "", extension: ".storage.json", keptMax: 8 };
/** It has 411 bytes for Kafka 4.3. */
const CHECKPOINT_BYTES_MAX = 65_536;
const FILE_BYTES_MAX = 2 * CHECKPOINT_BYTES_MAX;
const META_PROPERTIES = "meta.properties";
const BOOTSTRAP_CHECKPOINT = "bootstrap.checkpoint";
const CLUSTER_ID = "cluster.id";
const DIRECTORY_ID = "directory.id";

/** Without its identity. */
interface FormattedStorage {
  /** Of `meta.properties`: what is the same for each cluster. */
  readonly properties: Readonly<Record<string, string>>;
  /** A Kafka before 3.7 gives a folder none. */
  readonly hasDirectoryId: boolean;
  /** Base64. */
  readonly bootstrapCheckpoint: string;
}

/** What it is for. */
export interface StorageSubject {
  readonly kafkaVersion: string;
  /** The folder of the jars. */
  readonly libs: string;
  /** With which the tool is called, as far as they are the same for each broker. */
  readonly properties: Readonly<Record<string, string>>;
}

type Variables = Readonly<Record<string, string | undefined>>;

export interface StorageOrder {
  readonly env: Variables;
  /** Is not there yet, and is formatted when this settles: KRaft refuses one without its identity. */
  readonly logDir: string;
  /** Has the tool format it, which fails where that exists already. */
  readonly askTool: (clusterId: string) => Promise<void>;
}

/** Returns why the next broker will need the tool, too; null: it will not. */
export async function prepareStorage(
  subject: StorageSubject,
  { env, logDir, askTool }: StorageOrder,
): Promise<string | null> {
  const kept = await findFormattedStorage(subject, env);
  if (kept !== null) {
    await formatStorage(logDir, kept);
    return null;
  }
  const clusterId = createKafkaId();
  await askTool(clusterId);
  return keepFormattedStorage(subject, env, { logDir, clusterId });
}

/** 22 characters of base64 that never begin like an option; the last one has no bits to spare. */
const createKafkaId = (): string => `${createPassword().slice(0, 21)}A`;

/** Null: the tool is to be asked, which costs time and nothing else. */
async function findFormattedStorage(subject: StorageSubject, env: Variables): Promise<FormattedStorage | null> {
  try {
    const folder = openCacheFolder(env);
    const path = folder.kind === "none" ? null : await findKeptFile(folder.path, STORAGES, stemOf(subject));
    const file = path === null ? null : readOwnFile(path, FILE_BYTES_MAX);
    // Its digest says that it is what was written here.
    return file?.kind === "read" ? (JSON.parse(file.text) as FormattedStorage) : null;
  } catch {
    return null;
  }
}

const stemOf = ({ kafkaVersion, libs, properties }: StorageSubject): string =>
  `kafka-${kafkaVersion}-${digestTexts([kafkaVersion, formatJavaProperties(properties), ...describeJars(libs)])}`;

/** S2: as the tool would have done it. */
async function formatStorage(logDir: string, storage: FormattedStorage): Promise<void> {
  await mkdir(logDir, { mode: 0o700 });
  const identity = {
    [CLUSTER_ID]: createKafkaId(),
    ...(storage.hasDirectoryId ? { [DIRECTORY_ID]: createKafkaId() } : {}),
  };
  const checkpoint = Buffer.from(storage.bootstrapCheckpoint, "base64");
  await writeFile(join(logDir, BOOTSTRAP_CHECKPOINT), checkpoint, { mode: 0o600 });
  // Last, as the tool does it: a folder with this file is a formatted one.
  const properties = formatJavaProperties({ ...storage.properties, ...identity });
  await writeFile(join(logDir, META_PROPERTIES), properties, { mode: 0o600 });
}

/** What the tool has just written, for the next broker. Returns why it is not kept; null: it is. */
async function keepFormattedStorage(
  subject: StorageSubject,
  env: Variables,
  written: { readonly logDir: string; readonly clusterId: string },
): Promise<string | null> {
  try {
    const storage = readFormattedStorage(written);
    if ("reason" in storage) return storage.reason;
    const folder = openCacheFolder(env);
    if (folder.kind === "none") return folder.reason;
    const text = `${JSON.stringify(storage, undefined, 2)}\n`;
    return await keepFile(folder.path, STORAGES, stemOf(subject), (temporary) =>
      writeFile(temporary, text, { flag: "wx", mode: 0o600 }),
    );
  } catch (error) {
    return describeError(error);
  }
}

interface NotUnderstood {
  readonly reason: string;
}

/** S1. */
function readFormattedStorage({
  logDir,
  clusterId,
}: {
  readonly logDir: string;
  readonly clusterId: string;
}): FormattedStorage | NotUnderstood {
  const names = readdirSync(logDir).sort();
  if (names.join() !== [BOOTSTRAP_CHECKPOINT, META_PROPERTIES].join())
    return { reason: `it wrote ${names.join(", ")}` };
  const checkpoint = join(logDir, BOOTSTRAP_CHECKPOINT);
  const { size } = statSync(checkpoint);
  if (size > CHECKPOINT_BYTES_MAX) return { reason: `it wrote ${size} bytes of metadata` };
  const properties = parseMetaProperties(readFileSync(join(logDir, META_PROPERTIES), "latin1"));
  if (properties === null) return { reason: `${META_PROPERTIES} has more in it than is known here` };
  const { [CLUSTER_ID]: itsClusterId, [DIRECTORY_ID]: directoryId, ...others } = properties;
  if (itsClusterId !== clusterId) return { reason: `the cluster id is ${itsClusterId}, and not ${clusterId}` };
  return {
    properties: others,
    hasDirectoryId: directoryId !== undefined,
    bootstrapCheckpoint: readFileSync(checkpoint).toString("base64"),
  };
}

const KNOWN_PROPERTIES = ["version", "node.id", CLUSTER_ID, DIRECTORY_ID];

/** As Java writes it, with a comment of the time. Null: there is a line that means something else. Pure. */
function parseMetaProperties(text: string): Readonly<Record<string, string>> | null {
  const properties: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    if (line === "" || line.startsWith("#")) continue;
    const [, key = "", value = ""] = /^([a-z.]+)=([\w-]+)$/.exec(line) ?? [];
    if (!KNOWN_PROPERTIES.includes(key) || key in properties) return null;
    properties[key] = value;
  }
  return properties;
}
