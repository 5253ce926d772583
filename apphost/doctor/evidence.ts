/** What runs of this folder left on servers of others. That is meant so, and kept until somebody purges it: no fault. */
import { listRunsWithEvidence, type RunWithEvidence } from "../run/run-folder.ts";
import { type CheckPlan, type Finding, ok } from "./check.ts";

/** Runs that are told one by one. */
const RUNS_NAMED_MAX = 5;

export function planEvidenceCheck(base: string): CheckPlan {
  return {
    id: "evidence",
    title: "Evidence",
    neededFor: "every run",
    isAskedInfrastructure: false,
    examine: async () => {
      const runs = listRunsWithEvidence(base);
      return runs.length === 0 ? null : describeEvidence(runs);
    },
  };
}

export function describeEvidence(runs: readonly RunWithEvidence[]): Finding {
  const newest = runs.slice(-RUNS_NAMED_MAX).reverse();
  const named = newest.map(({ state: { runId, evidence } }) => {
    const servers = [
      ...(evidence.kafka === null ? [] : [`Kafka ${evidence.kafka}`]),
      ...(evidence.redis === null ? [] : [`Redis ${evidence.redis}`]),
    ];
    return `${runId} on ${servers.join(" and ")}`;
  });
  const more = runs.length > newest.length ? ` and ${runs.length - newest.length} more` : "";
  const count = runs.length === 1 ? "1 run" : `${runs.length} runs`;
  return ok(`of ${count}: ${named.join(", ")}${more}`, "`npx flink-apphost down --purge --all` removes it");
}
