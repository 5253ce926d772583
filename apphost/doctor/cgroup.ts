/**
 * What the control groups of this process leave it of memory and CPU time, for versions 1 and 2. Texts come from a reader
 * that is passed in, so that all of this can be tested on any machine.
 *
 * A limit may stand at any level above the process, so all levels are looked at and the narrowest counts. Inside a
 * container the path may be the one that the machine outside sees; the group is then at the top of the tree.
 */
import { dirname } from "node:path";

/** undefined: there is no such file, or it is not ours to read. */
export type TextReader = (path: string) => Promise<string | undefined>;

const TREE = "/sys/fs/cgroup";
/** Version 1 writes "no limit" as the largest multiple of a page; no machine has half of that. */
const NO_LIMIT_BYTES = 2 ** 62;
const LEVELS_MAX = 32;

export interface MemoryRoom {
  readonly limitBytes: number;
  /** What is left below the limit. Files in the page cache that nobody uses give way, so they do not count as used. */
  readonly availableBytes: number;
}

/** The narrowest room of all levels; null where no limit is set. */
export async function readCgroupMemory(readText: TextReader): Promise<MemoryRoom | null> {
  const rooms: MemoryRoom[] = [];
  for (const folder of await listGroupFolders(readText, "memory")) {
    const [limit, usage, stat] = await Promise.all([
      readFirst(readText, [`${folder}/memory.max`, `${folder}/memory.limit_in_bytes`]),
      readFirst(readText, [`${folder}/memory.current`, `${folder}/memory.usage_in_bytes`]),
      readText(`${folder}/memory.stat`),
    ]);
    const room = readRoom(limit, usage, stat ?? "");
    if (room !== null) rooms.push(room);
  }
  return rooms.reduce<MemoryRoom | null>(
    (best, room) => (best === null || room.availableBytes < best.availableBytes ? room : best),
    null,
  );
}

function readRoom(limit: string | undefined, usage: string | undefined, stat: string): MemoryRoom | null {
  const limitBytes = Number(limit ?? "max");
  const usedBytes = Number(usage ?? "max");
  if (Number.isNaN(limitBytes) || Number.isNaN(usedBytes) || limitBytes >= NO_LIMIT_BYTES) return null;
  // Version 1 has a sum over the groups below in a line of its own; in version 2 each line is such a sum.
  const cached = /^total_inactive_file (\d+)$/m.exec(stat) ?? /^inactive_file (\d+)$/m.exec(stat);
  const heldBytes = Math.max(0, usedBytes - Number(cached?.[1] ?? 0));
  return { limitBytes, availableBytes: Math.max(0, limitBytes - heldBytes) };
}

/** Cores that the control groups allow; null without a limit. */
export async function readCpuQuota(readText: TextReader): Promise<number | null> {
  const quotas: number[] = [];
  for (const folder of await listGroupFolders(readText, "cpu")) {
    // Version 2: "200000 100000" or "max 100000". Version 1: two files, with -1 for no limit.
    const [max, quota, period] = await Promise.all(
      ["cpu.max", "cpu.cfs_quota_us", "cpu.cfs_period_us"].map((name) => readText(`${folder}/${name}`)),
    );
    const [quotaUs, periodUs] = max === undefined ? [Number(quota), Number(period)] : max.trim().split(" ").map(Number);
    const cores = (quotaUs ?? 0) / (periodUs ?? 0);
    if (Number.isFinite(cores) && cores > 0) quotas.push(cores);
  }
  return quotas.length === 0 ? null : Math.min(...quotas);
}

/** The folders of the process's group and of all above it, innermost first, the top of the tree last. */
async function listGroupFolders(readText: TextReader, controller: string): Promise<string[]> {
  const groups = (await readText("/proc/self/cgroup")) ?? "";
  const folders: string[] = [];
  for (const line of groups.split("\n")) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    const isOfVersion2 = controllers === "";
    if (isOfVersion2) folders.push(...listLevels(TREE, path));
    else if (controllers.split(",").includes(controller)) folders.push(...listLevels(`${TREE}/${controllers}`, path));
  }
  return folders;
}

function listLevels(tree: string, path: string): string[] {
  const levels: string[] = [];
  for (let level = path; level !== "/" && levels.length < LEVELS_MAX; level = dirname(level)) levels.push(tree + level);
  return [...levels, tree];
}

async function readFirst(readText: TextReader, paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const text = await readText(path);
    if (text !== undefined) return text.trim();
  }
  return undefined;
}
