/** Reads `applied/*.log` line by line: a long run has a million rows. */
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import {
  type AcquireRow,
  type ApplyRow,
  parseAppliedLogRow,
} from "../../simulator/common/contract/files/applied-log.ts";
import type { AppliedLog } from "./applied-log-union.ts";

const BROKEN_NAMED_MAX = 20;

interface Collected {
  lines: number;
  brokenCount: number;
  readonly applies: ApplyRow[];
  readonly acquires: AcquireRow[];
  readonly broken: string[];
  /** One string object for each name, however many rows carry it. */
  readonly names: Map<string, string>;
}

/** All logs of the run. A folder that is missing gives no rows, and the checks say what they miss. */
export async function readAppliedLogs(folder: string): Promise<AppliedLog> {
  const names = await listLogs(folder);
  const collected: Collected = { lines: 0, brokenCount: 0, applies: [], acquires: [], broken: [], names: new Map() };
  for (const name of names) await readLog(join(folder, name), name, collected);
  const { lines, brokenCount, applies, acquires, broken } = collected;
  return { files: names.length, lines, brokenCount, applies, acquires, broken };
}

async function listLogs(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith(".log")).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

async function readLog(path: string, name: string, into: Collected): Promise<void> {
  let rest = "";
  let line = 0;
  for await (const chunk of createReadStream(path, { encoding: "latin1", highWaterMark: 1 << 20 })) {
    const lines = `${rest}${chunk as string}`.split("\n");
    // What follows the last end of line is unterminated so far; at the end of the file its writer died in it.
    rest = lines.pop() ?? "";
    for (const text of lines) {
      line += 1;
      addLine(text, `${name}:${line}`, into);
    }
  }
}

function addLine(text: string, place: string, into: Collected): void {
  into.lines += 1;
  const row = parseAppliedLogRow(text);
  if (row === undefined) {
    into.brokenCount += 1;
    if (into.broken.length < BROKEN_NAMED_MAX) into.broken.push(place);
  } else if (row.kind === "apply") {
    into.applies.push({ ...row, life: intern(row.life, into.names), tm: intern(row.tm, into.names) });
  } else {
    into.acquires.push({ ...row, life: intern(row.life, into.names) });
  }
}

function intern(name: string, names: Map<string, string>): string {
  const known = names.get(name);
  if (known !== undefined) return known;
  names.set(name, name);
  return name;
}
