/** What came of an expectation, as checks. Pure. */
import type { Check } from "../../../simulator/common/contract/files/report.ts";
import { USER_JOB_CHECKS } from "../../../simulator/common/contract/files/user-job-checks.ts";
import { compareEach, judge, notApplicable } from "../checks/check.ts";
import { type Facts, sumOver } from "../facts.ts";
import type { ExpectationFacts, Found, PairingFacts } from "./expectation-facts.ts";

type Read = Extract<ExpectationFacts, { readonly kind: "read" }>;

export function checkUserJob(facts: Facts): Check[] {
  return [checkInputRead(facts), checkOnce(facts), checkMapping(facts), checkTotals(facts)];
}

function checkInputRead(facts: Facts): Check {
  const definition = USER_JOB_CHECKS.inputRead;
  const { group, topic, task, config, recordEnds } = facts;
  if (task.mode === "prefix") return notApplicable(definition, "the run was ended before the job had read everything");
  const ends = recordEnds ?? topic.ranges.ends.slice(0, config.partitions);
  const committed = group.kind === "read" ? group.committed.map((offset) => Math.max(0, offset)) : [];
  return judge(facts, definition, {
    expected: `${recordEnds === undefined ? "" : "at least "}${sumOver(ends, (end) => end)}`,
    actual: group.kind === "read" ? String(sumOver(committed, (offset) => offset)) : "unknown",
    examined: ends.length,
    problems:
      group.kind === "read"
        ? compareEach(
            "the offset that Flink committed",
            ends
              .map((expected, p) => ({ p, expected, actual: committed[p] ?? 0 }))
              // Others may go on writing to their own topic, and the job reads on.
              .filter(({ expected, actual }) => recordEnds === undefined || actual < expected),
          )
        : [],
    unknowns: group.kind === "read" ? [] : [`Kafka does not tell the group's offsets: ${group.reason}`],
    compared: `${ends.length} offsets committed for group ${config.group} with the ${recordEnds === undefined ? "end offsets of now" : "ends of the records that were there when the run began"}`,
  });
}

function checkOnce(facts: Facts): Check {
  return checkExpected(facts, USER_JOB_CHECKS.eachOnce, ({ pairing }) => {
    if (pairing === null || !pairing.byIdentity) return "the expectation has no eachOnce";
    return {
      expected: `${pairing.inputs} inputs`,
      actual: `${pairing.outputs} outputs, ${pairing.missing} missing, ${pairing.repeated} repeated`,
      examined: pairing.inputs,
      found: pairing.once,
      compared: `the identities of ${pairing.inputs} inputs and ${pairing.outputs} outputs${describeReadings(pairing)}`,
    };
  });
}

function checkMapping(facts: Facts): Check {
  return checkExpected(facts, USER_JOB_CHECKS.mapping, ({ pairing }) => {
    if (pairing === null || !pairing.hasMapping) return "the expectation has no mapping";
    const how = pairing.byIdentity ? "of the same identity" : "as a whole, in any order";
    return {
      expected: `${pairing.inputs} records`,
      actual: `${pairing.outputs} records, ${pairing.mapped.count} differences`,
      examined: pairing.inputs,
      found: pairing.mapped,
      compared: `${pairing.outputs} outputs with what the mapping makes of ${pairing.inputs} inputs, ${how}${describeReadings(pairing)}`,
    };
  });
}

function checkTotals(facts: Facts): Check {
  return checkExpected(facts, USER_JOB_CHECKS.totals, ({ totals, inputRecords, outputRecords }) => {
    if (totals === null) return "the expectation has no totals";
    if (facts.task.mode === "prefix") return "the run was ended before the job had read everything";
    return {
      expected: `the totals of ${totals.keys} keys`,
      actual: `${totals.differences.count} differences`,
      examined: totals.keys,
      found: totals.differences,
      unknown: totals.unknown,
      compared: `${totals.keys} keys of ${inputRecords} inputs with the newest totals of ${outputRecords} outputs`,
    };
  });
}

const describeReadings = ({ readings }: PairingFacts): string =>
  readings === 1 ? "" : `, in ${readings} readings of both topics, since memory is bounded`;

interface Expected {
  readonly expected: string;
  readonly actual: string;
  readonly examined: number;
  readonly found: Found;
  readonly compared: string;
  readonly unknown?: string | null;
}

/** `find`: a text says why there is nothing to find. */
function checkExpected(
  facts: Facts,
  definition: (typeof USER_JOB_CHECKS)[keyof typeof USER_JOB_CHECKS],
  find: (read: Read) => Expected | string,
): Check {
  const { expectation = { kind: "none" } } = facts;
  if (expectation.kind === "none") return notApplicable(definition, "the run has no --expect");
  if (expectation.kind === "unread") {
    return {
      ...definition,
      expected: "—",
      actual: "unknown",
      examined: 0,
      status: "unknown",
      reason: expectation.reason,
    };
  }
  const expected = find(expectation);
  if (typeof expected === "string") return notApplicable(definition, expected);
  const { found, unknown = null, ...finding } = expected;
  const more = found.count - found.first.length;
  return judge(facts, definition, {
    ...finding,
    problems: more > 0 ? [...found.first.slice(0, 4), `${more + 1} further differences`] : found.first,
    unknowns: [...(unknown === null ? [] : [unknown]), ...expectation.unread],
  });
}
