/**
 * Who is slow, quiet, idle or gone: each TaskManager beside the median of all. Pure.
 *
 * T1 Slow: there is lag, and the rate is below half of the median, by TaskManager and by partition. Both, because one that
 *    owns a single partition where others own two has half of their rate when all is well.
 * T2 Slow as well: there is lag and no progress at all while another one makes some. When most stand still, the median
 *    is zero and nothing is below half of it.
 * T3 Quiet: it owns partitions, makes no progress and knows of no lag, while most make some. One that hangs is so, since it
 *    learns of no further end; and so is one whose partitions get nothing. At the end of a round, when the last ones
 *    catch up, most are done and none is quiet.
 * T4 Whose partitions cannot be known, as of one of Apache Flink, is compared by its rate and judged by nothing.
 * T5 A rate that is not known is no rate of zero: who is not registered is gone, and counts in no median.
 */
import type { ProgressEvent } from "../../../simulator/common/contract/events.ts";
import { unreachable } from "../../../simulator/common/foundation/assert.ts";

export type LoadMark = "slow" | "quiet" | "idle" | "gone" | "even";
export type LoadOrder = "name" | "rate" | "lag";
type Partition = ProgressEvent["partitions"][number];

export interface PartitionLoad extends Partition {
  /** Of the median partition's rate; null where that is zero. */
  readonly ofMedian: number | null;
}

export interface TaskManagerLoad {
  readonly name: string;
  /** The name without what all names begin with. */
  readonly shortName: string;
  readonly mark: LoadMark;
  readonly partitions: readonly PartitionLoad[];
  /** Sum over its partitions; null while none of theirs is known. */
  readonly lag: number | null;
  readonly perSecond: number | null;
  readonly ofMedian: number | null;
}

export interface Loads {
  readonly taskManagers: readonly TaskManagerLoad[];
  readonly partitions: readonly PartitionLoad[];
  readonly medianPerSecond: number;
  readonly lag: number | null;
}

export interface LoadInput {
  readonly progress: Pick<ProgressEvent, "partitions" | "taskManagers">;
  /** Those that the host runs. One that was scaled away and owns nothing is not gone, it is no part of it any more. */
  readonly present: readonly string[];
}

export function computeLoads({ progress, present }: LoadInput): Loads {
  const medianOfPartitions = findMedian(progress.partitions.filter(isOwned).map(({ perSecond }) => perSecond));
  const partitions = progress.partitions.map((partition) => ({
    ...partition,
    ofMedian: divide(partition.perSecond, medianOfPartitions),
  }));
  const members = listMembers(progress, partitions, present);
  const working = members.filter(
    ({ perSecond, owned, isShareKnown }) => perSecond !== null && (owned.length > 0 || !isShareKnown),
  );
  const medianPerSecond = findMedian(working.map(({ perSecond }) => perSecond ?? 0));
  const medianByPartition = findMedian(working.map(rateByPartition));
  const fastest = Math.max(0, ...working.map(({ perSecond }) => perSecond ?? 0));
  const prefix = findPrefix(members.map(({ name }) => name));
  const taskManagers = members.map((member): TaskManagerLoad => {
    const { name, perSecond, owned } = member;
    const lag = sumLag(owned);
    return {
      name,
      shortName: name.slice(prefix.length),
      mark: judge(member, lag ?? 0, { fastest, medianPerSecond, medianByPartition }),
      partitions: owned,
      lag,
      perSecond,
      ofMedian: perSecond === null ? null : divide(perSecond, medianPerSecond),
    };
  });
  return { taskManagers, partitions, medianPerSecond, lag: sumLag(partitions) };
}

/** By rate the slow come first and the idle last, who have none to compare. */
export function sortLoads(loads: readonly TaskManagerLoad[], order: LoadOrder): readonly TaskManagerLoad[] {
  const byName = loads.toSorted((a, b) => compareNames(a.name, b.name));
  switch (order) {
    case "name":
      return byName;
    case "rate": {
      const urgency = { slow: 0, gone: 1, quiet: 2, even: 3, idle: 4 } as const satisfies Record<LoadMark, number>;
      return byName.toSorted((a, b) => urgency[a.mark] - urgency[b.mark] || (a.perSecond ?? 0) - (b.perSecond ?? 0));
    }
    case "lag":
      return byName.toSorted((a, b) => (b.lag ?? -1) - (a.lag ?? -1));
    default:
      return unreachable(order);
  }
}

interface Pace {
  readonly fastest: number;
  readonly medianPerSecond: number;
  readonly medianByPartition: number;
}

function judge(member: Member, lag: number, { fastest, medianPerSecond, medianByPartition }: Pace): LoadMark {
  const { perSecond, owned, isShareKnown } = member;
  if (perSecond === null) return "gone";
  if (!isShareKnown) return "even";
  if (owned.length === 0) return "idle";
  if (fastest === 0) return "even";
  if (lag === 0) return perSecond === 0 && medianPerSecond > 0 ? "quiet" : "even";
  const isBehind = perSecond < medianPerSecond / 2 && rateByPartition(member) < medianByPartition / 2;
  return perSecond === 0 || isBehind ? "slow" : "even";
}

interface Member {
  readonly name: string;
  readonly perSecond: number | null;
  readonly owned: readonly PartitionLoad[];
  /** T4. */
  readonly isShareKnown: boolean;
}

/** Who has reported, and who owns a partition and has not reported yet: it has the rate of its partitions. */
function listMembers(
  { taskManagers }: LoadInput["progress"],
  partitions: readonly PartitionLoad[],
  present: readonly string[],
): readonly Member[] {
  const byOwner = new Map<string, PartitionLoad[]>();
  for (const partition of partitions) {
    if (partition.owner === null) continue;
    const owned = byOwner.get(partition.owner);
    if (owned === undefined) byOwner.set(partition.owner, [partition]);
    else owned.push(partition);
  }
  const ran = new Set(present);
  const reported = new Set(taskManagers.map(({ name }) => name));
  return [
    ...taskManagers
      .map(({ name, perSecond, partitions: share }) => ({
        name,
        perSecond,
        owned: byOwner.get(name) ?? [],
        isShareKnown: share !== null,
      }))
      .filter(({ name, perSecond, owned }) => ran.has(name) || perSecond !== null || owned.length > 0),
    ...Array.from(byOwner)
      .filter(([name]) => !reported.has(name))
      .map(([name, owned]) => ({
        name,
        perSecond: owned.reduce((sum, { perSecond }) => sum + perSecond, 0),
        owned,
        isShareKnown: true,
      })),
  ];
}

const isOwned = ({ owner }: Partition): boolean => owner !== null;

const rateByPartition = ({ perSecond, owned }: Member): number => (perSecond ?? 0) / Math.max(1, owned.length);

const divide = (rate: number, median: number): number | null => (median > 0 ? rate / median : null);

function sumLag(partitions: readonly Partition[]): number | null {
  const known = partitions.flatMap(({ lag }) => (lag === null ? [] : [lag]));
  return known.length === 0 ? null : known.reduce((sum, lag) => sum + lag, 0);
}

function findMedian(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

const nameOrder = new Intl.Collator("en", { numeric: true });
const compareNames = (a: string, b: string): number => nameOrder.compare(a, b);

/** Up to the last hyphen, so that a number stays whole: `taskmanager-`. */
function findPrefix(names: readonly string[]): string {
  const [first] = names;
  if (first === undefined) return "";
  const prefix = first.slice(0, first.lastIndexOf("-") + 1);
  return names.every((name) => name.startsWith(prefix)) ? prefix : "";
}
