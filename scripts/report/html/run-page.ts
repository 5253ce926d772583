/** The page of one run: `report.json`, and what `events.ndjson` and `metrics.ndjson` tell of its time. Pure. */
import { type Report, readReport } from "../../../simulator/common/contract/files/report.ts";
import type { Fields } from "../../../simulator/common/foundation/json-fields.ts";
import { formatCount } from "./figures.ts";
import { type Content, html } from "./markup.ts";
import { renderPage } from "./page-frame.ts";
import { renderFlowCharts, renderUsageCharts } from "./run-charts.ts";
import { renderEnvironment, renderFigures, renderReproduction, renderSamples } from "./run-environment.ts";
import { chooseChartMarks, listMoments, renderMoments } from "./run-marks.ts";
import { renderPartitions, renderProcesses, renderTaskManagers } from "./run-members.ts";
import { renderScenarios, renderVerdict } from "./run-verdict.ts";
import type { Timeline } from "./timeline.ts";

export interface RunPage {
  readonly report: Report;
  readonly timeline: Timeline;
  /** A shell command that starts the same again. */
  readonly command: string;
  /** Files of the run that could not be read, each with its reason. */
  readonly unread: readonly string[];
}

export function renderRunPage({ report, timeline, command, unread }: RunPage): string {
  const moments = listMoments(report, timeline, report.timesUs.hostStart);
  const frame = { endSeconds: timeline.endSeconds, marks: chooseChartMarks(moments) };
  const missing = [...unread, ...listMissing(timeline)];
  return renderPage({
    title: `flink-apphost run ${report.runId}: ${report.verdict}`,
    lead: renderVerdict(report),
    sections: [
      { id: "checks", title: "Checks", body: renderScenarios(report) },
      { id: "figures", title: "Figures", body: renderFigures(report) },
      { id: "charts", title: "Over time", body: [renderMissing(missing), ...renderFlowCharts(timeline, frame)] },
      {
        id: "moments",
        title: "Phases and faults",
        body: renderMoments(moments, timeline.marksDropped + (report.faultsDropped ?? 0)),
      },
      {
        id: "members",
        title: "TaskManagers and partitions",
        body: [renderTaskManagers(report), renderPartitions(report)],
      },
      {
        id: "processes",
        title: "CPU and memory",
        body: [...renderUsageCharts(timeline, frame), renderProcesses(report, timeline)],
      },
      { id: "samples", title: "Samples", body: renderSamples(report) },
      { id: "environment", title: "Environment", body: renderEnvironment(report) },
      { id: "reproduce", title: "How to reproduce", body: renderReproduction(command) },
    ],
    footer: html`<p>Made from the files of run ${report.runId}. This page needs no network and runs no script.</p>`,
  });
}

/** What an earlier version did not record, and what could not be read: a chart that is not there must not look like zero. */
function listMissing({ processed, intervalLatency, processes, unreadable }: Timeline): string[] {
  return [
    ...(processed.isEmpty
      ? ["Throughput and lag over time: events.ndjson has no progress of this run."]
      : intervalLatency.p99.isEmpty
        ? [
            "Latency of each second: the progress in events.ndjson has no intervalLatencyMs, so what is drawn is that of all messages until then.",
          ]
        : []),
    ...(processes.size === 0
      ? [
          "CPU and memory of each process over time: metrics.ndjson has no usage lines. What TaskManagers said of themselves is drawn; the table has the totals of all.",
        ]
      : []),
    ...(unreadable === 0
      ? []
      : [
          `${formatCount(unreadable)} lines of events.ndjson and metrics.ndjson are no JSON objects, and were left out.`,
        ]),
  ];
}

const renderMissing = (missing: readonly string[]): Content =>
  missing.length === 0
    ? ""
    : html`<p>What is missing in this run's charts:</p>\n<ul>${missing.map((what) => html`<li>${what}</li>`)}</ul>\n`;

/** As `readReport`, with all that this page goes through: whoever wrote the file last, no page is half made of it. */
export function readPageReport(fields: Fields): Report {
  fields.text("verdict", /^(passed|failed|unknown|interrupted)$/);
  for (const name of ["infra", "machine", "job", "parameters", "latencyMs", "durationMs", "timesUs"])
    fields.object(name);
  for (const name of ["applies", "checkpoints", "resources", "samples"]) fields.object(name);
  for (const name of ["kafka", "redis"]) fields.object("infra").object(name);
  fields.object("timesUs").whole("hostStart");
  for (const name of ["first", "last"]) fields.object("samples").list(name, (sample) => sample.as());
  fields.object("resources").list("byProcess", (use) => use.text("name"));
  fields.list("partitions", (partition) => partition.whole("p"));
  fields.list("faults", (fault) => fault.text("target"));
  fields.list("taskManagers", (tm) => [tm.text("id"), tm.wholes("partitions")]);
  fields.list("scenarios", (scenario) => {
    for (const name of ["name", "given", "when", "then"]) scenario.text(name);
    scenario.lines("checks");
  });
  fields.list("checks", (check) => {
    check.text("status", /^(passed|failed|unknown|notApplicable)$/);
    for (const name of ["id", "title", "expected", "actual", "reason"]) check.text(name);
  });
  return readReport(fields);
}
