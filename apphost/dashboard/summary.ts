/** The few lines that stay on the terminal when a run is over: verdict, counts, rate, reasons, where the report is. Pure. */
import { describeInfrastructure, describeVerdict } from "./event-text.ts";
import { flattenText, formatCount } from "./format.ts";
import type { Snapshot } from "./snapshot.ts";

const REASONS_MAX = 10;
const ERRORS_MAX = 5;

export function formatSummary(snapshot: Snapshot): readonly string[] {
  const { verdict } = snapshot;
  const lines: string[] = [];
  lines.push(verdict === null ? `ENDED WITHOUT A VERDICT in phase ${snapshot.phase}` : describeVerdict(verdict));
  for (const reason of (verdict?.reasons ?? []).slice(0, REASONS_MAX)) lines.push(entry("reason", reason));
  const more = (verdict?.reasons.length ?? 0) - REASONS_MAX;
  if (more > 0) lines.push(entry("reason", `${formatCount(more)} more in the report`));
  for (const resource of snapshot.resources) {
    if (resource.state === "failedToStart") {
      lines.push(entry("failed", `${resource.name}: ${resource.reason === "" ? resource.state : resource.reason}`));
    }
  }
  // A pass needs no old errors (a planned fault leaves some); whoever looks for a cause needs the newest.
  if (verdict?.verdict !== "passed") {
    for (const error of newestErrors(snapshot)) lines.push(entry("error", error));
  }
  if (snapshot.infra !== null) {
    lines.push(entry("kafka", describeInfrastructure(snapshot.infra.kafka)));
    lines.push(entry("redis", describeInfrastructure(snapshot.infra.redis)));
  }
  if (verdict !== null && verdict.report !== "") lines.push(entry("report", verdict.report));
  if (snapshot.runDir !== "") lines.push(entry("run", snapshot.runDir));
  return lines;
}

const entry = (label: string, text: string): string => `  ${label.padEnd(8)}${flattenText(text)}`;

function newestErrors(snapshot: Snapshot): readonly string[] {
  return snapshot.recent
    .filter((line) => line.level === "error" && line.source !== "verdict")
    .slice(-ERRORS_MAX)
    .map((line) => `${line.source}: ${line.text}`);
}
