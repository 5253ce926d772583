/** Reads what a run left beside its topic: the job's hash and the published keys with redis-cli, the ledgers as plain JSON. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const REDIS_MS_MAX = 20_000;
const COUNTER_KEY = "flinkdotnet:sample:processed_message_counter";
const SEQUENCE_KEY = "flinkdotnet:global_sequence_id";

export interface JobReading {
  /** Empty: there is no such hash. */
  readonly hash: Readonly<Record<string, string>>;
  /** What the published keys say, by key: the job's own, and the two that all jobs share. Null: there is no such key. */
  readonly published: Readonly<Record<string, string | null>>;
}

/** Of the one job that this Redis holds: it is looked for, so that nobody has to say where it is. */
export async function readJob(redisUrl: string): Promise<JobReading> {
  const keys = lines(await ask(redisUrl, ["--scan", "--pattern", "{*}:state"]));
  if (keys.length > 1) throw new Error(`there are ${keys.length} jobs in Redis: ${keys.join(", ")}`);
  const fields = keys[0] === undefined ? [] : lines(await ask(redisUrl, ["--raw", "HGETALL", keys[0]]));
  if (fields.length % 2 !== 0) throw new Error(`redis-cli answered ${fields.length} lines to HGETALL`);
  const hash: Record<string, string> = {};
  for (let i = 0; i < fields.length; i += 2) hash[fields[i] as string] = fields[i + 1] as string;
  const published: Record<string, string | null> = {};
  const ownKey = keys[0]?.replace(/:state$/, ":published") ?? "no job";
  for (const key of [ownKey, COUNTER_KEY, SEQUENCE_KEY]) published[key] = await readText(redisUrl, key);
  return { hash, published };
}

async function readText(redisUrl: string, key: string): Promise<string | null> {
  const isThere = lines(await ask(redisUrl, ["--raw", "EXISTS", key]))[0] === "1";
  return isThere ? (lines(await ask(redisUrl, ["--raw", "GET", key]))[0] ?? "") : null;
}

async function ask(redisUrl: string, command: readonly string[]): Promise<string> {
  const { stdout } = await run("redis-cli", ["-u", redisUrl, ...command], {
    timeout: REDIS_MS_MAX,
    maxBuffer: 1 << 26,
  });
  return stdout;
}

/** An empty value is an empty line, so only the last line feed goes. */
const lines = (text: string): string[] => (text.trim() === "" ? [] : text.replace(/\n$/, "").split("\n"));

export interface LedgerReading {
  readonly isFinished: boolean;
  readonly requested: number;
  readonly acknowledged: number;
  /** By partition, over all rounds. */
  readonly partitions: readonly {
    readonly p: number;
    readonly acknowledged: number;
    readonly idSum: number;
    readonly idMix: number;
    readonly endOffset: number | null;
  }[];
}

interface LedgerFile {
  readonly round: number;
  readonly outcome: string;
  readonly messages: number;
  readonly acknowledged: number;
  readonly partitions: LedgerReading["partitions"];
}

/** All rounds of a run's folder together; null when there is none. */
export function readLedgers(runDir: string): LedgerReading | null {
  const files = readdirSync(runDir)
    .filter((name) => /^ledger-\d+\.json$/.test(name))
    .map((name) => JSON.parse(readFileSync(join(runDir, name), "utf8")) as LedgerFile)
    .sort((a, b) => a.round - b.round);
  if (files.length === 0) return null;
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const newest = files.at(-1) as LedgerFile;
  return {
    isFinished: files.every(({ outcome }) => outcome === "finished"),
    requested: sum(files.map(({ messages }) => messages)),
    acknowledged: sum(files.map(({ acknowledged }) => acknowledged)),
    partitions: newest.partitions.map(({ p, endOffset }) => {
      const rounds = files.flatMap(({ partitions }) => partitions.filter((partition) => partition.p === p));
      return {
        p,
        endOffset,
        acknowledged: sum(rounds.map(({ acknowledged }) => acknowledged)),
        idSum: sum(rounds.map(({ idSum }) => idSum)) % 2 ** 48,
        idMix: sum(rounds.map(({ idMix }) => idMix)) % 2 ** 48,
      };
    }),
  };
}
