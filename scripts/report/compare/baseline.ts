/**
 * A baseline: what was measured of one or more runs, in one file that can be kept in a project. Pure.
 *
 * B1 It holds runs of one shape, each once, oldest first, and the newest of them where there are too many.
 */
import { type Report, readReport } from "../../../simulator/common/contract/files/report.ts";
import { type Fields, type Parsed, readValue } from "../../../simulator/common/foundation/json-fields.ts";
import { measureRun, type RunMeasure } from "./run-measure.ts";
import type { RunSeconds } from "./run-seconds.ts";

const RUNS_MAX = 20;
const KIND = "flink-apphost baseline";

/** What a file may hold of runs: a baseline, a report, or a list of reports. `seconds` are those of a report alone. */
export function parseRuns(text: string, seconds: RunSeconds | null): Parsed<readonly RunMeasure[]> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: "malformed", reason: "it is not JSON" };
  }
  if (!Array.isArray(value)) return readValue(value, (fields) => readDocument(fields, seconds));
  const reports = readValue({ report: value }, (fields) => fields.list("report", (one) => readMeasured(one, null)));
  if (reports.kind === "malformed" || reports.value.length > 0) return reports;
  return { kind: "malformed", reason: "it is an empty list" };
}

function readDocument(fields: Fields, seconds: RunSeconds | null): readonly RunMeasure[] {
  if (fields.nullable("kind", () => fields.text("kind")) === null) return [readMeasured(fields, seconds)];
  fields.text("kind", new RegExp(`^${KIND}$`));
  fields.whole("schema", 1, 1);
  const runs = fields.list("runs", readRun);
  return runs.length > 0 ? runs : fields.refuse("runs", "a list of one run or more");
}

const readMeasured = (fields: Fields, seconds: RunSeconds | null): RunMeasure =>
  measureRun(readWholeReport(fields), seconds);

/** All that is measured must be there, and not only what `report` prints of it. */
function readWholeReport(fields: Fields): Report {
  const report = readReport(fields);
  for (const name of ["latencyMs", "durationMs", "checkpoints", "machine", "parameters"]) fields.object(name);
  for (const server of ["kafka", "redis"]) fields.object("infra").object(server).text("version");
  fields.list("taskManagers", (one) => [one.text("id"), one.nullable("processed", () => one.whole("processed"))]);
  fields.list("partitions", (one) => [one.whole("p"), one.whole("count")]);
  fields.list("faults", (one) => one.flag("planned"));
  fields.object("resources").list("byProcess", (one) => [one.text("name"), one.whole("rssBytesMax")]);
  return report;
}

function readRun(fields: Fields): RunMeasure {
  fields.text("runId", /./);
  fields.text("startedAt", /./);
  fields.text("verdict", /./);
  fields.texts("shape");
  const figures = fields.object("figures");
  for (const name of Object.keys(figures.as<Record<string, unknown>>())) {
    const figure = figures.object(name);
    requireNumber(figure, "value");
    figure.nullable("secondsSpread", () => requireNumber(figure, "secondsSpread"));
  }
  fields.list("taskManagers", (one) => {
    one.text("name");
    requireNumber(one, "processed");
    for (const name of ["perSecond", "p50Ms", "p99Ms", "cpuUsPerMessage"]) {
      one.nullable(name, () => requireNumber(one, name));
    }
  });
  fields.list("partitions", (one) => {
    for (const name of ["p", "records"]) one.whole(name);
    one.nullable("lagMsMax", () => requireNumber(one, "lagMsMax"));
  });
  return fields.as<RunMeasure>();
}

function requireNumber(fields: Fields, name: string): void {
  if (typeof fields.as<Record<string, unknown>>()[name] !== "number") fields.refuse(name, "a number");
}

/** Their spread is all that a comparison needs of them. */
const withoutSeconds = (run: RunMeasure): RunMeasure => ({
  ...run,
  figures: Object.fromEntries(
    Object.entries(run.figures).map(([id, { value, secondsSpread }]) => [id, { value, secondsSpread }]),
  ),
});

/** B1. Runs that are in it already are not added once more. */
export function extendBaseline(
  known: readonly RunMeasure[],
  more: readonly RunMeasure[],
): { readonly text: string; readonly runs: number; readonly added: number } {
  const added = more.filter(({ runId }) => !known.some((run) => run.runId === runId));
  const all = [...known, ...added].sort((x, y) => (x.startedAt < y.startedAt ? -1 : 1));
  const runs = all.slice(-RUNS_MAX);
  return {
    text: `${JSON.stringify({ kind: KIND, schema: 1, runs: runs.map(withoutSeconds) }, null, 1)}\n`,
    runs: runs.length,
    added: added.length,
  };
}
