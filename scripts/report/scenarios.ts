/** The checks as Given/When/Then scenarios: what a reader wants to know, with the checks that answer it. Pure. */
import {
  type Check,
  type CheckCounts,
  countChecks,
  type Scenario,
} from "../../simulator/common/contract/files/report.ts";

interface ScenarioPlan {
  readonly name: string;
  readonly given: string;
  readonly checks: readonly string[];
}

const PLANS: readonly ScenarioPlan[] = [
  {
    name: "Redis Data Validation",
    given: "the job keeps counts, checksums and offsets of each partition in one Redis hash",
    checks: ["store-state", "I1-partition-arithmetic", "I2-total", "I9-by-task-manager", "published-keys", "rejected"],
  },
  {
    name: "Kafka Data Validation",
    given: "the topic is read once more, completely, by a process that shares no code with the sink",
    checks: [
      "topic-partitions",
      "topic-ids",
      "I4-plan-vs-topic",
      "ledger-complete",
      "I4-ledger-vs-topic",
      "acknowledged-kept",
      "foreign-records",
    ],
  },
  {
    name: "Exactly-Once Processing",
    given: "each message in Kafka must have exactly one effect in Redis",
    checks: ["I3-drained", "I3-acknowledged", "I4-redis-vs-topic", "I6-order", "committed-offsets"],
  },
  {
    name: "Ordered Ids And Fencing",
    given: "each effect got an ordered id, written to the applied log under the fence of its owner",
    checks: ["applied-log", "I5-ordered-ids", "I5-offset-ranges", "I7-fencing", "by-task-manager-rows"],
  },
  {
    name: "The User's Own Job",
    given: "input and output of the job are read once more, and held against the user's expectation",
    checks: ["input-read", "expect-once", "expect-mapping", "expect-totals"],
  },
  {
    name: "Performance And Load Balance",
    given: "a time budget, and partitions spread over all TaskManagers",
    checks: ["max-time", "load-balance"],
  },
];

/** A scenario passes when each of its checks passed or does not apply, and at least one passed. */
export function buildScenarios(checks: readonly Check[]): Scenario[] {
  const planned = new Set(PLANS.flatMap(({ checks: ids }) => ids));
  const rest = checks.filter(({ id }) => !planned.has(id)).map(({ id }) => id);
  const plans = rest.length === 0 ? PLANS : [...PLANS, { name: "Further Checks", given: "this run", checks: rest }];
  return plans.flatMap((plan) => {
    const own = checks.filter(({ id }) => plan.checks.includes(id));
    return own.length === 0 ? [] : [buildScenario(plan, own)];
  });
}

function buildScenario(plan: ScenarioPlan, own: readonly Check[]): Scenario {
  const counts = countChecks(own);
  const { passed, failed, unknown } = counts;
  return {
    name: plan.name,
    given: plan.given,
    when: `${passed + failed} of ${own.length} checks compared facts recorded in this run`,
    // biome-ignore lint/suspicious/noThenProperty: a name of report.json's public form; a scenario is never awaited
    then: describeOutcome(counts),
    passed: failed === 0 && unknown === 0 && passed > 0,
    checks: own.map(({ id }) => id),
  };
}

function describeOutcome({ passed, failed, unknown }: CheckCounts): string {
  const parts = [
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(unknown > 0 ? [`${unknown} not known`] : []),
    ...(passed > 0 ? [`${passed} passed`] : []),
  ];
  if (parts.length === 0) return "none applied";
  return passed > 0 && parts.length === 1 ? `all ${passed} passed` : parts.join(", ");
}
