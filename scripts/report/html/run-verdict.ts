/** What a run's page says first: the verdict, why, and the figures that a reader looks for. Pure. */
import {
  type Check,
  type CheckStatus,
  countChecks,
  type Report,
  type Scenario,
  type VerdictWord,
} from "../../../simulator/common/contract/files/report.ts";
import { unreachable } from "../../../simulator/common/foundation/assert.ts";
import { formatCount, formatDuration, formatMs, formatRate } from "./figures.ts";
import { type Content, type Html, html } from "./markup.ts";
import { renderTable } from "./page-frame.ts";

export function renderVerdict(report: Report): Html {
  const { verdict, exitCode, reasons, messages, throughput, latencyMs, durationMs } = report;
  const checks = countChecks(report.checks);
  const tiles: readonly (readonly [string, string])[] = [
    ["Processed", formatCount(messages.processed)],
    ["Lost", formatCount(messages.lost)],
    ["Duplicated", formatCount(messages.duplicated)],
    ["End to end", formatRate(throughput.endToEndPerSecond)],
    ["Latency p50 and p99", `${formatMs(latencyMs.p50)}, ${formatMs(latencyMs.p99)}`],
    ["First send to last effect", formatDuration(durationMs.endToEnd)],
    ["Checks passed", `${checks.passed} of ${checks.passed + checks.failed + checks.unknown}`],
    ["Faults", countFaults(report)],
  ];
  return html`<div class="lead">
<p class="verdict ${styleOfVerdict(verdict)}">${verdict.toUpperCase()} <span class="soft">(exit code ${exitCode})</span></p>
<p>Run ${report.runId}, ${report.startedAt} to ${report.finishedAt}</p>
${reasons.length === 0 ? "" : html`<h2>Why</h2>\n<ul class="reasons">${reasons.map((reason) => html`<li>${reason}</li>`)}</ul>\n`}<dl class="tiles">${tiles.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
</div>`;
}

function styleOfVerdict(verdict: VerdictWord): string {
  switch (verdict) {
    case "passed":
      return "good";
    case "failed":
    case "interrupted":
      return "bad";
    case "unknown":
      return "warn";
    default:
      return unreachable(verdict);
  }
}

/** Every check stands in one: those of no scenario under a heading of their own. */
export function renderScenarios({ scenarios, checks }: Report): Content {
  const told = new Set(scenarios.flatMap((scenario) => scenario.checks));
  const others = checks.filter(({ id }) => !told.has(id));
  return [
    ...scenarios.map((scenario) =>
      renderScenario(
        scenario,
        checks.filter(({ id }) => scenario.checks.includes(id)),
      ),
    ),
    others.length === 0 ? "" : html`<h3>Further checks</h3>\n${renderChecks("Further checks", others)}`,
  ];
}

const renderScenario = (scenario: Scenario, own: readonly Check[]): Html => html`<h3>${scenario.name}</h3>
<dl class="facts">
<div><dt>Given</dt><dd>${scenario.given}</dd></div>
<div><dt>When</dt><dd>${scenario.when}</dd></div>
<div><dt>Then</dt><dd>${scenario.then}</dd></div>
</dl>
${renderChecks(`Evidence of ${scenario.name}`, own)}`;

const renderChecks = (caption: string, checks: readonly Check[]): Html =>
  renderTable({
    caption,
    columns: [
      { title: "Check" },
      { title: "Status" },
      { title: "Expected" },
      { title: "Actual" },
      { title: "Examined", isNumber: true },
      { title: "What was compared" },
    ],
    rows: checks.map((check) => [
      html`${check.title}<small>${check.id}</small>`,
      renderStatus(check.status),
      check.expected,
      check.actual,
      formatCount(check.examined),
      html`${check.reason}${describeSources(check)}`,
    ]),
  });

/** Who reads "passed" must see how much it is worth. Earlier versions did not tell. */
function describeSources({ sources, independent, why }: Partial<Check>): Content {
  if (sources === undefined || why === undefined) return "";
  return html`<small>${sources.join("; ")} (${independent === true ? "" : "not "}independent: ${why})</small>`;
}

function renderStatus(status: CheckStatus): Html {
  switch (status) {
    case "passed":
      return html`<span class="status good">passed</span>`;
    case "failed":
      return html`<span class="status bad">FAILED</span>`;
    case "unknown":
      return html`<span class="status warn">UNKNOWN</span>`;
    case "notApplicable":
      return html`<span class="status soft">not applicable</span>`;
    default:
      return unreachable(status);
  }
}

/** What somebody asked for is told beside them. */
function countFaults({ faults, faultsDropped }: Report): string {
  const asked = faults.filter(({ planned }) => planned).length;
  const count = formatCount(faults.length - asked + (faultsDropped ?? 0));
  return asked === 0 ? count : `${count}, and ${formatCount(asked)} asked for`;
}
