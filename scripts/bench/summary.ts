/** From samples to medians and ratios, and to the printed tables. Pure. */

import { median } from "../report/compare/spread.ts";
import { GROUPS } from "./process-sampler.ts";
import { ratio } from "./statistics.ts";
import { type BenchSuite, type BrokerPhase, brokerPhase, type Outcome, type RatioSpec, type Sample } from "./suite.ts";
import { formatFigure, formatTable } from "./text-table.ts";

export interface SummaryRow {
  readonly case: string;
  readonly broker: BrokerPhase | null;
  readonly samples: number;
  readonly figures: Readonly<Record<string, number | null>>;
  readonly cpuUsPerMessage: Readonly<Record<string, number | null>>;
}

export interface SummaryRatio {
  readonly title: string;
  readonly byRound: readonly {
    readonly round: number;
    readonly value: number;
    /** False when a JVM broker was colder for one of the two than for the other. */
    readonly equallyWarm: boolean;
  }[];
  /** Over the rounds that are equally warm; over all when there is no such round. */
  readonly median: number | null;
}

export interface SuiteSummary {
  readonly suite: string;
  readonly rows: readonly SummaryRow[];
  readonly ratios: readonly SummaryRatio[];
  readonly missing: readonly { readonly case: string; readonly reason: string }[];
  readonly failed: readonly { readonly case: string; readonly round: number; readonly reason: string }[];
}

export function summarizeSuite(suite: BenchSuite, outcomes: readonly Outcome[]): SuiteSummary {
  const own = outcomes.filter((outcome) => suite.cases.some(({ id }) => id === outcome.case));
  const measured = own.filter((outcome) => outcome.status === "measured");
  const missing = new Map<string, string>();
  for (const outcome of own) if (outcome.status === "missing") missing.set(outcome.case, outcome.reason);
  return {
    suite: suite.name,
    rows: suite.cases.flatMap(({ id }) => summarizeCase(measured.filter((sample) => sample.case === id))),
    ratios: suite.ratios.map((spec) => summarizeRatio(spec, measured)),
    missing: [...missing].map(([id, reason]) => ({ case: id, reason })),
    failed: own.flatMap((outcome) =>
      outcome.status === "failed" ? [{ case: outcome.case, round: outcome.round, reason: outcome.reason }] : [],
    ),
  };
}

/** A row a phase of the broker. */
function summarizeCase(samples: readonly Sample[]): SummaryRow[] {
  const phases = [...new Set(samples.map(({ brokerLoadsBefore }) => brokerPhase(brokerLoadsBefore)))];
  return phases.map((broker) => {
    const alike = samples.filter(({ brokerLoadsBefore }) => brokerPhase(brokerLoadsBefore) === broker);
    return {
      case: (alike[0] as Sample).case,
      broker,
      samples: alike.length,
      figures: medianByName(alike.map(({ figures }) => figures)),
      cpuUsPerMessage: medianByName(alike.map(({ cpuUsPerMessage }) => cpuUsPerMessage ?? {})),
    };
  });
}

function medianByName(records: readonly Readonly<Record<string, number | null>>[]): Record<string, number | null> {
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const valuesOf = (name: string) =>
    records.flatMap((record) => (typeof record[name] === "number" ? [record[name]] : []));
  return Object.fromEntries(names.map((name) => [name, median(valuesOf(name))]));
}

/** A case that uses no broker has no phase, and may be compared with any. */
function summarizeRatio(spec: RatioSpec, samples: readonly Sample[]): SummaryRatio {
  const byRound: SummaryRatio["byRound"][number][] = [];
  for (const over of samples.filter((sample) => sample.case === spec.over.case)) {
    const under = samples.find((sample) => sample.case === spec.under.case && sample.round === over.round);
    const value = ratio(over.figures[spec.over.figure], under?.figures[spec.under.figure]);
    if (value === null) continue;
    const phases = [over, under].map((sample) => brokerPhase(sample?.brokerLoadsBefore ?? null));
    byRound.push({ round: over.round, value, equallyWarm: phases[0] === phases[1] || phases.includes(null) });
  }
  const fair = byRound.filter(({ equallyWarm }) => equallyWarm);
  return { title: spec.title, byRound, median: median((fair.length > 0 ? fair : byRound).map(({ value }) => value)) };
}

export function renderSuite(suite: BenchSuite, summary: SuiteSummary): string[] {
  const title = (id: string) => suite.cases.find((benchCase) => benchCase.id === id)?.title ?? id;
  const lines = ["", `== ${suite.name}: ${suite.title}`];
  const nameRow = (row: SummaryRow): [string, string] => [title(row.case), row.broker ?? "-"];
  if (summary.rows.length > 0) {
    const rows = summary.rows.map((row) => [
      ...nameRow(row),
      String(row.samples),
      ...suite.columns.map(({ figure, form }) => formatFigure(row.figures[figure], form)),
    ]);
    lines.push(...formatTable(["median", "real broker", "n", ...suite.columns.map((column) => column.title)], rows));
  }
  if (suite.showsCpu) lines.push(...renderCpu(summary, nameRow));
  if (summary.ratios.length > 0) lines.push("", ...renderRatios(summary.ratios));
  for (const { case: id, reason } of summary.missing) lines.push(`missing: ${title(id)}: ${reason}`);
  for (const { case: id, round, reason } of summary.failed)
    lines.push(`FAILED: ${title(id)}, round ${round}: ${reason}`);
  return lines;
}

function renderCpu(summary: SuiteSummary, nameRow: (row: SummaryRow) => [string, string]): string[] {
  const rows = summary.rows.filter(({ cpuUsPerMessage }) => Object.keys(cpuUsPerMessage).length > 0);
  const groups = GROUPS.filter((group) =>
    rows.some(({ cpuUsPerMessage }) => typeof cpuUsPerMessage[group] === "number"),
  );
  if (groups.length === 0) return [];
  const cells = rows.map((row) => [
    ...nameRow(row),
    ...groups.map((group) => formatFigure(row.cpuUsPerMessage[group], "us")),
  ]);
  return ["", ...formatTable(["CPU in µs per message", "real broker", ...groups], cells)];
}

/** A value in parentheses does not count in the median: the broker was not equally warm for both. */
function renderRatios(ratios: readonly SummaryRatio[]): string[] {
  const rows = ratios.map(({ title, byRound, median: middle }) => [
    title,
    formatFigure(middle, "times"),
    byRound.length === 0
      ? "not measured in the same round"
      : byRound.map(({ value, equallyWarm }) => (equallyWarm ? value.toFixed(2) : `(${value.toFixed(2)})`)).join(" "),
  ]);
  return formatTable(["ratio in the same round", "median", "by round"], rows);
}
