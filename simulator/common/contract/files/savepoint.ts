/**
 * `savepoint-<6 of the job id>-<12 hex digits>/_metadata`: a state that another job can start from, wherever a user
 * wanted it. Written by the JobManager as a checkpoint is; its folder may be moved, since nothing in it names a place.
 */
import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import { type Fields, type Parsed, parseJson } from "../../foundation/json-fields.ts";
import { isConsistent, type JobState, PARTITIONS_MAX, parseJobState } from "../state/redis-state.ts";

export const SAVEPOINT_FILE = "_metadata";
/** Far above the state of as many partitions and TaskManagers as there may be. */
export const SAVEPOINT_BYTES_MAX = 4 * 1024 * 1024;

export interface SavepointFile {
  readonly schema: 1;
  readonly kind: "savepoint";
  readonly id: number;
  /** Of the job that it was taken of. */
  readonly jobId: string;
  readonly epoch: number;
  readonly completedAtUs: number;
  /**
   * What the offsets are offsets of. A job that starts from it commits under a group of its own, so the group is for who
   * looks for the job of before.
   */
  readonly source: { readonly topic: string; readonly partitions: number; readonly group: string };
  /** The whole hash, as one HGETALL gave it: a consistent cut over all partitions. */
  readonly state: Readonly<Record<string, string>>;
}

export interface Savepoint {
  readonly file: SavepointFile;
  readonly state: JobState;
}

/** One that lies at this path. */
export interface StoredSavepoint extends Savepoint {
  readonly path: string;
}

/** The file comes from anywhere, so all of it is looked at: also whether its counts belong together. */
export function parseSavepoint(text: string): Parsed<Savepoint> {
  const parsed = parseJson(text, readSavepointFile);
  if (parsed.kind === "malformed") return parsed;
  const file = parsed.value;
  const malformed = (reason: string): Parsed<Savepoint> => ({ kind: "malformed", reason });
  const found = parseJobState(file.state, file.source.partitions);
  if (found.kind === "missing") return malformed("it holds no state");
  if (found.kind === "incomplete") return malformed(`its state lacks a valid ${found.field}`);
  if (!isConsistent(found.state)) return malformed("the counts and offsets of its state do not belong together");
  return { kind: "valid", value: { file, state: found.state } };
}

/** The path that an absolute path or a file: URL names on this machine; null for any other text. */
export function parseFileLocation(text: string): string | null {
  if (isAbsolute(text)) return text;
  if (!URL.canParse(text)) return null;
  const { protocol, host, pathname } = new URL(text);
  if (protocol !== "file:" || host !== "" || /%2f|%00/i.test(pathname)) return null;
  return fileURLToPath(`file://${pathname}`);
}

function readSavepointFile(fields: Fields): SavepointFile {
  fields.whole("schema", 1, 1);
  fields.text("kind", /^savepoint$/);
  fields.whole("id");
  fields.text("jobId", /^[0-9a-f]{32}$/);
  fields.whole("epoch");
  fields.whole("completedAtUs");
  const source = fields.object("source");
  source.text("topic", /./);
  source.whole("partitions", 1, PARTITIONS_MAX);
  source.text("group", /./);
  fields.texts("state");
  return fields.as<SavepointFile>();
}
