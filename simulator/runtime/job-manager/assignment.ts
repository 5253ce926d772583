/**
 * Who shall own which partition: cooperative-sticky rules as a pure function of what is and who is there.
 *
 * A1 Partition counts of any two TaskManagers differ by at most one; with more TaskManagers than partitions some idle.
 * A2 A partition stays with its owner as long as A1 allows: as few as possible move.
 * A3 The same input gives the same plan.
 */

export interface AssignmentInput {
  readonly partitions: number;
  readonly taskManagers: readonly string[];
  /** By partition: who has it, or was promised it. Owners that are not among `taskManagers` count as none. */
  readonly current: readonly (string | null)[];
}

/** The owner of each partition; all null when there is no TaskManager. */
export function planAssignment(input: AssignmentInput): (string | null)[] {
  if (input.taskManagers.length === 0) return new Array<null>(input.partitions).fill(null);
  const kept = listKept(input);
  const quotas = planQuotas(input, kept);
  const owners = new Array<string | null>(input.partitions).fill(null);
  const loads = new Map<string, number>();
  for (const [tm, partitions] of kept) {
    const stays = partitions.slice(0, quotas.get(tm) ?? 0);
    for (const p of stays) owners[p] = tm;
    loads.set(tm, stays.length);
  }
  return fillFree(owners, loads, quotas);
}

/** By TaskManager, in the order of names: the partitions it has now, ascending. */
function listKept(input: AssignmentInput): Map<string, number[]> {
  const kept = new Map<string, number[]>(input.taskManagers.toSorted().map((tm) => [tm, []]));
  for (let p = 0; p < input.partitions; p += 1) {
    const owner = input.current[p] ?? null;
    if (owner !== null) kept.get(owner)?.push(p);
  }
  return kept;
}

/**
 * How many partitions each one gets. The larger quota goes to those that have the most, since each of them gives away
 * one less: that makes the number of moves the least possible.
 */
function planQuotas(input: AssignmentInput, kept: ReadonlyMap<string, readonly number[]>): Map<string, number> {
  const quotaMin = Math.floor(input.partitions / kept.size);
  const larger = input.partitions % kept.size;
  const byLoad = [...kept].toSorted(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1));
  return new Map(byLoad.map(([tm], rank) => [tm, rank < larger ? quotaMin + 1 : quotaMin]));
}

/** Gives each free partition to the least loaded TaskManager below its quota, first by name. */
function fillFree(
  owners: (string | null)[],
  loads: Map<string, number>,
  quotas: ReadonlyMap<string, number>,
): (string | null)[] {
  for (let p = 0; p < owners.length; p += 1) {
    if (owners[p] !== null) continue;
    let chosen: string | null = null;
    for (const [tm, load] of loads) {
      const below = load < (quotas.get(tm) ?? 0);
      if (below && (chosen === null || load < (loads.get(chosen) ?? 0))) chosen = tm;
    }
    if (chosen === null) continue;
    owners[p] = chosen;
    loads.set(chosen, (loads.get(chosen) ?? 0) + 1);
  }
  return owners;
}
