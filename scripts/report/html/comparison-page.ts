/** The page of a comparison: what got better or worse from one side to the other, and what that rests on. Pure. */
import { unreachable } from "../../../simulator/common/foundation/assert.ts";
import type { Comparison, Side } from "../compare/compare-runs.ts";
import { type FigureComparison, type Judgement, listShapes, type ShapeDifference } from "../compare/figures.ts";
import { describeJudgement, formatChange, formatFigure, sortStandOuts } from "../compare/words.ts";
import { renderFigureCharts, renderFigureTable } from "./comparison-figures.ts";
import { describeStandOut, renderMembers } from "./comparison-members.ts";
import { formatMs, formatRate } from "./figures.ts";
import { type Content, type Html, html } from "./markup.ts";
import { renderPage, renderTable } from "./page-frame.ts";

export interface ComparisonPage {
  readonly comparison: Comparison;
  /** What was compared. */
  readonly a: Side;
  readonly b: Side;
  /** Of `--fail-above`; null without it. */
  readonly failAbovePercent: number | null;
}

/** All of them are on the page, and in the lead the first. */
const STAND_OUTS_MAX = 10;

export function renderComparisonPage(page: ComparisonPage): string {
  const { comparison, a, b } = page;
  const { differences, figures, standOuts } = comparison;
  return renderPage({
    title: `flink-apphost comparison: ${nameSide(a)} and ${nameSide(b)}`,
    lead: renderLead(page),
    sections: [
      ...(differences.length === 0
        ? []
        : [{ id: "differences", title: "What is not alike", body: renderDifferences(differences) }]),
      { id: "figures", title: "Figures", body: renderFigureTable(figures) },
      { id: "members", title: "TaskManagers and partitions", body: renderMembers(standOuts, a, b) },
      { id: "charts", title: "How the figures vary", body: renderFigureCharts(figures, a, b) },
      { id: "runs", title: "Runs", body: renderRuns(a, b) },
      { id: "environment", title: "Environment", body: renderEnvironment(a, b) },
    ],
    footer: html`<p>Made from the files of the runs. This page needs no network and runs no script.</p>`,
  });
}

const nameSide = ({ runs }: Side): string => (runs.length === 1 ? `run ${runs[0]?.runId}` : `${runs.length} runs`);

function renderLead({ comparison, a, b, failAbovePercent }: ComparisonPage): Html {
  const { differences, figures, standOuts, judgement } = comparison;
  const shown = sortStandOuts(standOuts).slice(0, STAND_OUTS_MAX);
  const more = standOuts.length - shown.length;
  return html`<div class="lead">
<p class="verdict ${styleOf(judgement, figures)}">${
    judgement === null ? describeChanges(figures) : describeJudgement(judgement, figures, failAbovePercent ?? 0)
  }</p>
<p>A is ${describeSide(a)}; B is ${describeSide(b)}.</p>
${
  differences.length === 0
    ? ""
    : html`<p class="warn"><strong>Compared by force:</strong> the sides differ in ${differences.map(({ name }) => name).join(", ")}, and a change may come from that.</p>\n`
}${renderChanges("Worse", "worse", figures)}${renderList("Standing out from their peers", [
  ...shown.map(describeStandOut),
  ...(more > 0 ? [`and ${more} more, below`] : []),
])}${renderChanges("Better", "better", figures)}</div>`;
}

function describeSide({ name, runs }: Side): string {
  const [first] = runs;
  if (first === undefined || runs.length > 1) return `${runs.length} runs (${name})`;
  return `run ${first.runId} of ${first.startedAt}, ${first.verdict}`;
}

function styleOf(judgement: Judgement | null, figures: readonly FigureComparison[]): "good" | "bad" | "warn" | "soft" {
  switch (judgement?.kind) {
    case "kept":
      return "good";
    case "worse":
      return "bad";
    case "unknown":
      return "warn";
    case undefined:
      if (figures.some(({ outcome }) => outcome === "worse")) return "bad";
      return figures.some(({ outcome }) => outcome === "better") ? "good" : "soft";
    default:
      return unreachable(judgement);
  }
}

function describeChanges(figures: readonly FigureComparison[]): string {
  const count = (outcome: FigureComparison["outcome"]) => figures.filter((figure) => figure.outcome === outcome).length;
  const [worse, better] = [count("worse"), count("better")];
  if (worse + better === 0) return "Nothing changed beyond its spread";
  return `${worse} of ${figures.length} figures got worse, ${better} got better`;
}

const renderChanges = (title: string, outcome: "worse" | "better", figures: readonly FigureComparison[]): Content =>
  renderList(
    title,
    figures
      .filter((figure) => figure.outcome === outcome)
      .map(
        ({ title: name, unit, a, b, change }) =>
          `${name}: ${formatFigure(a?.value ?? null, unit)} in A, ${formatFigure(b?.value ?? null, unit)} in B (${formatChange(change)})`,
      ),
  );

const renderList = (title: string, lines: readonly string[]): Content =>
  lines.length === 0
    ? ""
    : html`<h2>${title}</h2>\n<ul class="reasons">${lines.map((line) => html`<li>${line}</li>`)}</ul>\n`;

const renderDifferences = (differences: readonly ShapeDifference[]): Content => [
  html`<p>The sides were compared by force. What differs between them may be why a figure does.</p>\n`,
  renderTable({
    caption: "What differs",
    columns: [{ title: "Name" }, { title: "A" }, { title: "B" }],
    rows: differences.map(({ name, a, b }) => [name, a, b]),
  }),
];

const renderRuns = (a: Side, b: Side): Content =>
  renderTable({
    caption: "What was compared",
    columns: [
      { title: "Run" },
      { title: "Side" },
      { title: "Started" },
      { title: "Verdict" },
      { title: "End to end", isNumber: true },
      { title: "Latency p50", isNumber: true },
      { title: "Latency p99", isNumber: true },
    ],
    rows: [a, b].flatMap(({ runs }, index) =>
      runs.map(({ runId, startedAt, verdict, figures }) => [
        runId,
        index === 0 ? "A" : "B",
        startedAt,
        verdict,
        formatRate(figures["endToEndPerSecond"]?.value),
        formatMs(figures["latencyP50Ms"]?.value),
        formatMs(figures["latencyP99Ms"]?.value),
      ]),
    ),
  });

const renderEnvironment = (a: Side, b: Side): Content =>
  renderTable({
    caption: "What was measured, where, and with what",
    columns: [{ title: "Name" }, { title: "A" }, { title: "B" }],
    rows: listShapes(
      a.runs.map(({ shape }) => shape),
      b.runs.map(({ shape }) => shape),
    ).map((one) => [one.name, one.a, one.b]),
  });
