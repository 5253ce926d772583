/** The checks as Given/When/Then scenarios: what a reader wants to know, with the checks that answer it. Pure. */
import type { Check, Scenario } from "../../simulator/common/contract/report.ts";

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
    checks: ["topic-ids", "ledger-complete", "I4-ledger-vs-topic", "foreign-records"],
  },
  {
    name: "Exactly-Once Processing",
    given: "each message in Kafka must have exactly one effect in Redis",
    checks: ["I3-drained", "I3-acknowledged", "I4-redis-vs-topic", "I6-order"],
  },
  {
    name: "Ordered Ids And Fencing",
    given: "each effect got an ordered id, written to the applied log under the fence of its owner",
    checks: ["applied-log", "I5-ordered-ids", "I5-offset-ranges", "I7-fencing", "by-task-manager-rows"],
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
  const count = (status: Check["status"]) => own.filter((check) => check.status === status).length;
  const [passed, failed, skipped] = [count("passed"), count("failed"), count("notApplicable")];
  return {
    name: plan.name,
    given: plan.given,
    when: `${own.length - skipped} of ${own.length} checks compared facts recorded in this run`,
    // biome-ignore lint/suspicious/noThenProperty: a name of report.json's public form; a scenario is never awaited
    then: failed > 0 ? `${failed} failed, ${passed} passed` : passed > 0 ? `all ${passed} passed` : "none applied",
    passed: failed === 0 && passed > 0,
    checks: own.map(({ id }) => id),
  };
}
