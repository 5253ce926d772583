/**
 * The few lines that stay on the terminal when a run is over: verdict, counts, rate, reasons, where the report is, and what to
 * type next. Pure.
 */
import { describeInfrastructure, describeVerdict, type EventLine } from "../snapshot/event-text.ts";
import { flattenText, formatCount } from "../snapshot/format.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";

const REASONS_MAX = 10;
const ERRORS_MAX = 5;
const FAILED_NAMED_MAX = 3;

export function formatSummary(snapshot: Snapshot): readonly string[] {
  const { verdict } = snapshot;
  const reasons = verdict?.reasons ?? [];
  const lines: string[] = [];
  lines.push(verdict === null ? `ENDED WITHOUT A VERDICT in phase ${snapshot.phase}` : describeVerdict(verdict));
  for (const reason of reasons.slice(0, REASONS_MAX)) lines.push(...entry("reason", reason));
  const more = reasons.length - REASONS_MAX;
  if (more > 0) lines.push(...entry("reason", `${formatCount(more)} more in the report`));
  for (const { name, state, reason } of snapshot.resources) {
    if (state !== "failedToStart") continue;
    const isSaid = reason === "" || reasons.some((said) => said.includes(reason));
    lines.push(...entry("failed", isSaid ? name : `${name}: ${reason}`));
  }
  // A pass needs no old errors (a planned fault leaves some); whoever looks for a cause needs the newest.
  if (verdict?.verdict !== "passed") {
    for (const error of newestErrors(snapshot, reasons)) lines.push(...entry("error", error));
  }
  if (snapshot.infra !== null) {
    lines.push(...entry("kafka", describeInfrastructure(snapshot.infra.kafka)));
    lines.push(...entry("redis", describeInfrastructure(snapshot.infra.redis)));
  }
  if (verdict !== null && verdict.report !== "") lines.push(...entry("report", verdict.report));
  if (snapshot.runDir !== "") lines.push(...entry("run", snapshot.runDir));
  for (const command of listNextCommands(snapshot)) lines.push(...entry("next", command));
  return lines;
}

/** Where the cause of a failure is looked for, and all that was measured. */
function listNextCommands({ runId, verdict, resources }: Snapshot): readonly string[] {
  if (runId === "") return [];
  const failed = resources.filter(({ state }) => state === "failedToStart").map(({ name }) => name);
  const isPassed = verdict?.verdict === "passed";
  return [
    ...(isPassed ? [] : [["flink-apphost logs", ...failed.slice(0, FAILED_NAMED_MAX), `--run ${runId}`].join(" ")]),
    ...(verdict === null || verdict.report === "" ? [] : [`flink-apphost report --open --run ${runId}`]),
  ];
}

/** A text of several lines (the last ones of a program that failed) keeps them, under the first. */
function entry(label: string, text: string): readonly string[] {
  const [first = "", ...more] = text.split("\n").map(flattenText);
  return [`  ${label.padEnd(8)}${first}`, ...more.filter((line) => line !== "").map((line) => `    | ${line}`)];
}

/** Without those that a reason (which each failed check is) or the list of what failed to start tells already. */
function newestErrors(snapshot: Snapshot, reasons: readonly string[]): readonly string[] {
  const said = reasons.map(flattenText);
  const isSaid = ({ text }: EventLine) =>
    text.startsWith("failedToStart") || said.some((reason) => reason.includes(text) || text.includes(reason));
  return snapshot.recent
    .filter((line) => line.level === "error" && line.source !== "verdict" && line.source !== "check" && !isSaid(line))
    .slice(-ERRORS_MAX)
    .map((line) => `${line.source}: ${line.text}`);
}
