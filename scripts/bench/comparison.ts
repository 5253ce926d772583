/**
 * Results of the bench beside each other: each figure that a suite shows, by case and warmth of the broker. The spread of
 * a figure is that of its rounds. Pure.
 */

import type { Fields } from "../../simulator/common/foundation/json-fields.ts";
import {
  compareFigures,
  type FigureComparison,
  type FigureSpec,
  type FigureUnit,
  findShapeDifferences,
  type Judgement,
  judgeFigures,
  type RunFigures,
  type Shape,
  type ShapeDifference,
} from "../report/compare/figures.ts";
import { describeJudgement, describeOutcome, describeSpread, formatChange } from "../report/compare/words.ts";
import { GROUPS } from "./process-sampler.ts";
import { type BenchCase, type BenchSuite, brokerPhase, type Outcome, type Sample } from "./suite.ts";
import { type FigureForm, formatFigure, formatTable } from "./text-table.ts";

export interface BenchResult {
  readonly startedAt: string;
  readonly options: { readonly messages: number; readonly idleMs: number; readonly quick: boolean };
  readonly machine: { readonly cores: number; readonly cpuModel: string; readonly memoryBytes: number };
  readonly versions: Readonly<Record<string, string | null>>;
  readonly samples: readonly Outcome[];
}

export function readBenchResult(fields: Fields): BenchResult {
  fields.whole("schema", 1, 1);
  fields.text("startedAt", /./);
  const options = fields.object("options");
  for (const name of ["messages", "idleMs"]) options.whole(name);
  options.flag("quick");
  const machine = fields.object("machine");
  for (const name of ["cores", "memoryBytes"]) machine.whole(name);
  machine.text("cpuModel");
  fields.object("versions");
  fields.list("samples", (sample) => {
    sample.text("case", /./);
    if (sample.text("status", /^(measured|missing|failed)$/) === "measured") sample.object("figures");
  });
  return fields.as<BenchResult>();
}

export interface BenchSide {
  readonly name: string;
  readonly result: BenchResult;
}

export interface BenchComparison {
  readonly schema: 1;
  readonly a: { readonly name: string; readonly startedAt: string };
  readonly b: { readonly name: string; readonly startedAt: string };
  /** Not empty: they are not alike, and were compared by force. */
  readonly differences: readonly ShapeDifference[];
  readonly figures: readonly FigureComparison[];
  /** Null without a limit. */
  readonly judgement: Judgement | null;
}

/** `failAbove` is a share, 0.1 for 10 %; null: nothing is judged. */
export function compareBenches(
  suites: readonly BenchSuite[],
  a: BenchSide,
  b: BenchSide,
  failAbove: number | null,
): BenchComparison {
  const [ofA, ofB] = [readSamples(a), readSamples(b)];
  const figures = compareFigures(
    listSpecs(suites, [...ofA, ...ofB]),
    ofA.map(describeFigures),
    ofB.map(describeFigures),
  );
  return {
    schema: 1,
    a: { name: a.name, startedAt: a.result.startedAt },
    b: { name: b.name, startedAt: b.result.startedAt },
    differences: findShapeDifferences([describeShape(a.result)], [describeShape(b.result)]),
    figures,
    judgement: failAbove === null ? null : judgeFigures(figures, failAbove),
  };
}

const readSamples = ({ result }: BenchSide): Sample[] =>
  result.samples.filter((outcome) => outcome.status === "measured");

/** Its own version is what is compared; that of everything else must be the same. */
function describeShape({ options, machine, versions }: BenchResult): Shape {
  return {
    messages: String(options.messages),
    quick: String(options.quick),
    "idle time": `${options.idleMs} ms`,
    machine: `${machine.cores} cores (${machine.cpuModel}), ${Math.round(machine.memoryBytes / 2 ** 30)} GiB`,
    ...Object.fromEntries(
      Object.entries(versions)
        .filter(([name]) => name !== "flink-apphost")
        .map(([name, version]) => [name, version ?? "not installed"]),
    ),
  };
}

const idOf = (sample: Pick<Sample, "case" | "brokerLoadsBefore">, figure: string): string =>
  [sample.case, brokerPhase(sample.brokerLoadsBefore) ?? "no broker", figure].join(" | ");

const cpuName = (group: string): string => `cpuUsPerMessage.${group}`;

function describeFigures(sample: Sample): RunFigures {
  const cpu = Object.entries(sample.cpuUsPerMessage ?? {}).map(([group, value]) => [cpuName(group), value] as const);
  return Object.fromEntries(
    [...Object.entries(sample.figures), ...cpu].flatMap(([figure, value]) =>
      typeof value === "number" ? [[idOf(sample, figure), { value, secondsSpread: null }]] : [],
    ),
  );
}

/** What a count is worth depends on the count, so it is not compared. */
const UNITS: Readonly<Record<FigureForm, FigureUnit | null>> = {
  rate: "perSecond",
  ms: "ms",
  us: "us",
  ns: "ns",
  mebibytes: "bytes",
  bytes: "bytes",
  percent: "percent",
  count: null,
  decimal: null,
  times: null,
};

const FORMS: Readonly<Record<FigureUnit, FigureForm>> = {
  perSecond: "rate",
  ms: "ms",
  us: "us",
  ns: "ns",
  bytes: "mebibytes",
  percent: "percent",
  count: "count",
};

/** What the tables of the suites show, each once, though suites share cases. */
function listSpecs(suites: readonly BenchSuite[], samples: readonly Sample[]): FigureSpec[] {
  const specs = new Map<string, FigureSpec>();
  for (const suite of suites) {
    for (const benchCase of suite.cases) {
      for (const sample of samples.filter((one) => one.case === benchCase.id)) {
        for (const spec of listCaseSpecs(suite, benchCase, sample)) specs.set(spec.id, specs.get(spec.id) ?? spec);
      }
    }
  }
  return [...specs.values()];
}

function listCaseSpecs(suite: BenchSuite, { title, isPeer }: BenchCase, sample: Sample): FigureSpec[] {
  const phase = brokerPhase(sample.brokerLoadsBefore);
  const name = phase === null ? title : `${title}, ${phase}`;
  const make = (figure: string, what: string, unit: FigureUnit): FigureSpec => ({
    id: idOf(sample, figure),
    title: `${name}: ${what}`,
    unit,
    better: unit === "perSecond" ? "higher" : "lower",
    counts: isPeer !== true,
  });
  return [
    ...suite.columns.flatMap((column) => {
      const unit = UNITS[column.form];
      return unit === null ? [] : [make(column.figure, column.title, unit)];
    }),
    ...(suite.showsCpu ? GROUPS.map((group) => make(cpuName(group), `CPU per message, ${group}`, "us")) : []),
  ];
}

export function renderBenchComparison(comparison: BenchComparison, failAbovePercent: number | null): string[] {
  const { a, b, differences, figures, judgement } = comparison;
  const rows = figures.map(({ title, counts, unit, a: ofA, b: ofB, change, outcome }) => [
    `${title}${counts ? " *" : ""}`,
    ...[ofA, ofB].flatMap((one) => [
      formatFigure(one?.value, FORMS[unit]),
      one === null ? "-" : `${formatFigure(one.low, FORMS[unit])} to ${formatFigure(one.high, FORMS[unit])}`,
    ]),
    formatChange(change),
    describeOutcome(outcome),
  ]);
  return [
    `A  ${a.name} of ${a.startedAt}`,
    `B  ${b.name} of ${b.startedAt}`,
    ...(differences.length === 0
      ? []
      : ["", "COMPARED BY FORCE, though these differ, and a change may come from them:"]),
    ...differences.map((difference) => `  ${difference.name}: ${difference.a} in A, ${difference.b} in B`),
    "",
    ...formatTable(["figure", "A", "rounds of A", "B", "rounds of B", "change", "outcome"], rows),
    "",
    "* is ours, and counts for --fail-above",
    ...describeSpread(figures),
    ...(judgement === null ? [] : ["", describeJudgement(judgement, figures, failAbovePercent ?? 0)]),
  ];
}
