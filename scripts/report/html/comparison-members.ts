/** TaskManagers and partitions of two sides: who is slower than its peers, and how all of them are loaded. Pure. */
import type { Side } from "../compare/compare-runs.ts";
import { type Beside, type Loads, listLoads, type StandOut } from "../compare/load-balance.ts";
import { describeStandOutSide, formatFigure, sortStandOuts } from "../compare/words.ts";
import { renderPairedBarChart } from "./bar-chart.ts";
import { axisOf } from "./comparison-figures.ts";
import { type Content, type Html, html } from "./markup.ts";
import { renderTable } from "./page-frame.ts";

export function renderMembers(standOuts: readonly StandOut[], a: Side, b: Side): Content {
  const loads = listLoads(a.runs, b.runs);
  // What nobody stands out in says nothing of anybody; latency is what one looks for first.
  const shown = loads.filter(
    ({ measure }, index) => index === 0 || standOuts.some((standOut) => standOut.measure === measure),
  );
  return [renderStandOuts(standOuts), ...shown.map((one) => renderLoads(one, standOuts))];
}

function renderStandOuts(standOuts: readonly StandOut[]): Html {
  if (standOuts.length === 0) {
    return html`<p>No TaskManager and no partition differs from its peers by half, and by more than they differ among themselves.</p>\n`;
  }
  return renderTable({
    caption: "Those that stand out from their peers",
    columns: [
      { title: "Who" },
      { title: "Judgement" },
      { title: "Measure" },
      ...["A", "Its peers in A", "B", "Its peers in B"].map((title) => ({ title, isNumber: true })),
    ],
    rows: sortStandOuts(standOuts).map((standOut) => [
      standOut.name,
      renderSide(standOut),
      standOut.measure,
      ...[standOut.a, standOut.b].flatMap((beside) => formatBeside(beside, standOut.unit)),
    ]),
  });
}

function renderSide(standOut: StandOut): Html {
  const style = { b: "bad", a: "good", both: "warn" }[standOut.side];
  return html`<span class="status ${style}">${describeStandOutSide(standOut)}</span>`;
}

const formatBeside = (beside: Beside | null, unit: StandOut["unit"]): string[] =>
  beside === null ? ["not measured", "-"] : [formatFigure(beside.value, unit), formatFigure(beside.peers, unit)];

export const describeStandOut = (standOut: StandOut): string => {
  const { name, measure, unit, a, b } = standOut;
  const show = (beside: Beside | null) => {
    const [value, peers] = formatBeside(beside, unit);
    return beside === null ? value : `${value} beside ${peers} of its peers`;
  };
  return `${name} ${describeStandOutSide(standOut)}: ${measure} ${show(b)} (A: ${show(a)})`;
};

function renderLoads({ measure, unit, a, b }: Loads, standOuts: readonly StandOut[]): Content {
  const names = [...new Set([...a.keys(), ...b.keys()])];
  if (names.length === 0) return "";
  const own = standOuts.filter((standOut) => standOut.measure === measure);
  const sideOf = new Map(own.map((standOut) => [standOut.name, describeStandOutSide(standOut)]));
  const valuesOf = (side: ReadonlyMap<string, number>) => names.map((name) => side.get(name) ?? null);
  const isPartition = names.some((name) => name.startsWith("partition "));
  const of = isPartition ? "partition" : "TaskManager";
  return renderPairedBarChart({
    id: `load-${measure.replace(/\W/g, "-")}`,
    title: `${measure} of each ${of}`,
    summary:
      own.length === 0
        ? `No ${of} stands out from its peers by it.`
        : `It stands out: ${own.map((standOut) => `${standOut.name} (${describeStandOutSide(standOut)})`).join(", ")}.`,
    names: names.map((name) => name.replace(/^(?:taskmanager-|partition )/, "")),
    sides: [
      { name: "A", values: valuesOf(a) },
      { name: "B", values: valuesOf(b) },
    ],
    formatAxis: axisOf(unit).formatAxis,
    table: {
      caption: `${measure} of each ${of}, the median of the runs`,
      columns: [{ title: of }, { title: "A", isNumber: true }, { title: "B", isNumber: true }, { title: "Judgement" }],
      rows: names.map((name) => [
        name,
        ...[a, b].map((side) => formatFigure(side.get(name) ?? null, unit)),
        sideOf.get(name) ?? "as its peers",
      ]),
    },
  });
}
