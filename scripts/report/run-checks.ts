/** The checks that need facts of the host: time, and the balance of load. Pure. The validator makes all others. */
import { CHECKS } from "../../simulator/common/contract/files/check-catalogue.ts";
import type { ChecksFile } from "../../simulator/common/contract/files/checks.ts";
import type { HostFacts } from "../../simulator/common/contract/files/host-facts.ts";
import type { Check } from "../../simulator/common/contract/files/report.ts";

/**
 * First send to last applied effect, summed over rounds, in ms; null unless every round is known. Idle time between
 * rounds does not count.
 */
export function endToEndMs(checks: ChecksFile | null): number | null {
  if (checks === null || checks.rounds.length === 0) return null;
  let sumUs = 0;
  for (const { firstSendAtUs, lastEffectAtUs } of checks.rounds) {
    if (lastEffectAtUs === null || firstSendAtUs === 0) return null;
    sumUs += lastEffectAtUs - firstSendAtUs;
  }
  return sumUs / 1000;
}

/** First send to last acknowledgement, summed over rounds, in ms. */
export function produceMs(checks: ChecksFile | null): number | null {
  if (checks === null || checks.rounds.length === 0) return null;
  let sumUs = 0;
  for (const { firstSendAtUs, lastAckAtUs } of checks.rounds) {
    if (firstSendAtUs === 0 || lastAckAtUs < firstSendAtUs) return null;
    sumUs += lastAckAtUs - firstSendAtUs;
  }
  return sumUs / 1000;
}

export function checkMaxTime(facts: HostFacts, checks: ChecksFile | null): Check {
  const title = CHECKS.maxTime;
  const { maxTimeMs } = facts.config;
  const expected = `at most ${maxTimeMs} ms`;
  const tookMs = endToEndMs(checks);
  if (facts.ending.kind === "timeExceeded") {
    const reason = `the budget of ${maxTimeMs} ms passed while waiting for ${facts.ending.waitedFor}`;
    return { ...title, expected, actual: `more than ${maxTimeMs} ms`, examined: 1, status: "failed", reason };
  }
  const skip = (reason: string): Check => ({
    ...title,
    expected,
    actual: "—",
    examined: 0,
    status: "notApplicable",
    reason,
  });
  if (facts.ending.kind !== "drained") return skip("the run was ended before the last effect");
  if (!facts.config.ownTopic) return skip("somebody else produced the topic: there is no first send");
  if (facts.rounds.length === 0) return skip("nothing was produced");
  if (facts.config.userJob !== undefined) {
    return skip("a job of the user's own tells no time of its effects; the host's timer ends a run that takes longer");
  }
  const leaveOpen = (reason: string): Check => ({
    ...title,
    expected,
    actual: "unknown",
    examined: 0,
    status: "unknown",
    reason,
  });
  if (tookMs === null) return leaveOpen("the first send or the last effect of a round is not known");
  const wrong = findWrongTime(facts, checks);
  if (wrong !== null) return leaveOpen(wrong);
  const actual = `${Math.round(tookMs)} ms`;
  const rounds = checks?.rounds.length ?? 0;
  return tookMs <= maxTimeMs
    ? { ...title, expected, actual, examined: rounds, status: "passed", reason: `${rounds} rounds, without idle time` }
    : {
        ...title,
        expected,
        actual,
        examined: rounds,
        status: "failed",
        reason: `${actual} are more than ${maxTimeMs} ms`,
      };
}

/** A time that cannot be: the host's own clock says when the run began and ended. */
function findWrongTime(facts: HostFacts, checks: ChecksFile | null): string | null {
  for (const { round, firstSendAtUs, lastEffectAtUs } of checks?.rounds ?? []) {
    const times = [facts.startedAtUs, firstSendAtUs, lastEffectAtUs ?? 0, facts.finishedAtUs];
    const isRising = times.every((time, i) => i === 0 || time >= (times[i - 1] as number));
    if (!isRising) {
      return `round ${round} has its first send at ${firstSendAtUs} µs and its last effect at ${lastEffectAtUs} µs of a run from ${facts.startedAtUs} to ${facts.finishedAtUs} µs`;
    }
  }
  return null;
}

/**
 * In the last assignment, partition counts of the registered TaskManagers differ by at most one; and if nobody left or
 * joined after RUNNING, each one whose partitions hold records processed some.
 */
export function checkLoadBalance(facts: HostFacts, checks: ChecksFile | null): Check {
  const title = CHECKS.loadBalance;
  const expected = "partition counts that differ by at most 1; nobody idle whose partitions hold records";
  const registered = facts.taskManagers.filter((tm) => tm.registered !== false);
  const counts = registered.map(({ partitions }) => partitions.length);
  if (facts.startupMs === null) {
    const reason = "the job never ran, so nothing was assigned";
    return { ...title, expected, actual: "—", examined: 0, status: "notApplicable", reason };
  }
  if (facts.config.engine === "flink") {
    const reason = "Flink does not tell which partitions a TaskManager has";
    return { ...title, expected, actual: "—", examined: 0, status: "notApplicable", reason };
  }
  const problems: string[] = [];
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  if (counts.length === 0) problems.push("no TaskManager was registered");
  else if (most - fewest > 1) {
    const uneven = registered.filter(({ partitions }) => partitions.length === fewest || partitions.length === most);
    problems.push(uneven.map(({ id, partitions }) => `${id} has ${partitions.length}`).join(", "));
  }
  const owned = new Set(registered.flatMap(({ partitions }) => partitions));
  if (owned.size !== facts.config.partitions) {
    problems.push(`${owned.size} of ${facts.config.partitions} partitions are assigned`);
  }
  problems.push(...findIdle(facts, checks));
  const actual = counts.length === 0 ? "none" : `${counts.length} TaskManagers with ${fewest} to ${most} partitions`;
  const examined = registered.length;
  if (problems.length > 0)
    return { ...title, expected, actual, examined, status: "failed", reason: problems.join("; ") };
  const reason = facts.membershipChanged
    ? "the last assignment; shares are not compared, because TaskManagers left or joined"
    : hasRestored(checks)
      ? "the last assignment; shares are not compared, because a savepoint had a part of the partitions' records"
      : "the last assignment, and each TaskManager's share";
  return { ...title, expected, actual, examined, status: "passed", reason };
}

const hasRestored = (checks: ChecksFile | null): boolean => (checks?.restored ?? 0) > 0;

function findIdle(facts: HostFacts, checks: ChecksFile | null): string[] {
  if (checks === null || facts.membershipChanged || hasRestored(checks) || checks.mode === "prefix") return [];
  const filled = new Set(checks.partitions.filter(({ count }) => count > 0).map(({ p }) => p));
  return facts.taskManagers
    .filter(({ id, partitions }) => partitions.some((p) => filled.has(p)) && (checks.byTaskManager[id] ?? 0) === 0)
    .map(({ id }) => `${id} processed nothing, though its partitions hold records`);
}
