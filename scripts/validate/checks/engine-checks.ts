/** Which checks have nothing to compare on Apache Flink, and why: its SQL counts, and says nothing of single records. Pure. */
import { CHECKS } from "../../../simulator/common/contract/files/check-catalogue.ts";
import type { Check } from "../../../simulator/common/contract/files/report.ts";
import type { FactsBeforeTopic } from "../facts.ts";
import { notApplicable } from "./check.ts";

const NO_SHARES = "Flink does not tell which TaskManager counted a record, and one mirror applies them all";

const INAPPLICABLE: ReadonlyMap<string, string> = new Map([
  [CHECKS.order.id, "Flink's SQL counts and sums, and keeps no order of ids; I4-plan-vs-topic has the topic's"],
  [CHECKS.shares.id, NO_SHARES],
  [CHECKS.shareRows.id, NO_SHARES],
  [
    CHECKS.orderedIds.id,
    "Flink's SQL gives no record an id of its own; I4-redis-vs-topic and I5-offset-ranges have the counts",
  ],
]);

const NO_STATE =
  "a job of the user's own keeps no state in Redis; input-read and the expectation hold what it read and wrote";
const NO_LOG = "a job of the user's own writes no applied log; the expectation holds what it wrote";

/** Of a job of the user's own: all that the built-in one leaves behind. */
const OF_BUILT_IN_JOB: ReadonlyMap<string, string> = new Map([
  ...[
    CHECKS.state,
    CHECKS.arithmetic,
    CHECKS.total,
    CHECKS.order,
    CHECKS.shares,
    CHECKS.published,
    CHECKS.rejected,
    CHECKS.drained,
    CHECKS.acknowledged,
    CHECKS.effect,
    CHECKS.committed,
  ].map(({ id }) => [id, NO_STATE] as const),
  ...[CHECKS.shareRows, CHECKS.log, CHECKS.orderedIds, CHECKS.offsetRanges, CHECKS.fencing].map(
    ({ id }) => [id, NO_LOG] as const,
  ),
]);

/** Whatever a check that does not apply came to, is no finding. */
export function limitToEngine({ config }: Pick<FactsBeforeTopic, "config">, checks: readonly Check[]): Check[] {
  if (config.engine === "apphost") return [...checks];
  const inapplicable = config.userJob === undefined ? INAPPLICABLE : OF_BUILT_IN_JOB;
  return checks.map((check) => {
    const reason = inapplicable.get(check.id);
    return reason === undefined ? check : notApplicable(check, reason);
  });
}
