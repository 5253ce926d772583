/** The end of a run as Markdown, for the summary of a step in CI: verdict, figures, what failed, where the rest is. Pure. */
import type { Check, Report } from "../../simulator/common/contract/files/report.ts";
import { describeInfrastructure, describeVerdict, type VerdictEvent } from "../snapshot/event-text.ts";
import { flattenText, formatAmount, formatCount, formatMs, formatRate } from "../snapshot/format.ts";

const CHECKS_MAX = 50;
const TEXT_LENGTH_MAX = 1_000;

export function formatStepSummary(verdict: VerdictEvent | null, report: Report | undefined): string {
  const title = verdict === null ? "ended without a verdict" : verdict.verdict.toUpperCase();
  return [
    `### flink-apphost: ${title}`,
    "",
    ...(verdict === null ? [] : [escapeMarkdown(describeVerdict(verdict)), ""]),
    ...listItems(
      "Reasons",
      (verdict?.reasons ?? []).map((reason) => escapeMarkdown(reason)),
    ),
    ...(report === undefined ? [] : listFigures(report)),
    ...listChecks("Failed checks", report, "failed"),
    ...listChecks("Checks without an answer", report, "unknown"),
    ...(verdict === null || verdict.report === "" ? [] : [`Report: ${escapeMarkdown(verdict.report)}`, ""]),
    "",
  ].join("\n");
}

function listFigures({ runId, messages, throughput, latencyMs, durationMs, infra, taskManagers }: Report): string[] {
  const rows: readonly (readonly [string, string])[] = [
    ["Run", runId],
    ["Messages", `${formatCount(messages.processed)} of ${formatCount(messages.requested)} processed`],
    ["Lost, duplicated", `${formatCount(messages.lost)}, ${formatCount(messages.duplicated)}`],
    ["Rate end to end", formatRate(throughput.endToEndPerSecond)],
    ["Rate of the producer", formatRate(throughput.producePerSecond)],
    ["Latency p50, p99", `${formatMs(latencyMs.p50)}, ${formatMs(latencyMs.p99)}`],
    ["Startup, validation", `${formatMs(durationMs.startup)}, ${formatMs(durationMs.validation)}`],
    ["TaskManagers", formatCount(taskManagers.length)],
    ["Kafka", describeInfrastructure(infra.kafka)],
    ["Redis", describeInfrastructure(infra.redis)],
  ];
  return ["| | |", "| --- | --- |", ...rows.map(([name, value]) => `| ${name} | ${escapeMarkdown(value)} |`), ""];
}

function listChecks(heading: string, report: Report | undefined, status: Check["status"]): string[] {
  const found = (report?.checks ?? []).filter((check) => check.status === status);
  return listItems(
    heading,
    found.map(({ id, title, reason, expected, actual }) => {
      const [about, said] = [escapeMarkdown(`${title} (${id})`), escapeMarkdown(reason)];
      return `**${about}**: ${said}; expected ${escapeMarkdown(expected)}, actual ${escapeMarkdown(actual)}`;
    }),
  );
}

/** Nothing where there are none. */
function listItems(heading: string, items: readonly string[]): string[] {
  if (items.length === 0) return [];
  const more = items.length - CHECKS_MAX;
  return [
    `**${heading}**`,
    "",
    ...items.slice(0, CHECKS_MAX).map((item) => `- ${item}`),
    ...(more > 0 ? [`- ${formatAmount(more, "more item")} in the report`] : []),
    "",
  ];
}

/** One line that shows as it is, whatever signs of Markdown or HTML are in it. */
const escapeMarkdown = (text: string): string =>
  flattenText(text)
    .slice(0, TEXT_LENGTH_MAX)
    .replace(/[\\`*_{}[\]<>#|~&!]/g, "\\$&");
