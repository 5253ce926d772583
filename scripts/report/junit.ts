/**
 * The checks as JUnit XML: a suite a scenario, a case a check, and one suite more for the verdict, so that a run that
 * ended before its checks is no green one. Pure.
 *
 * J1 What XML has no way to write (control characters, halves of surrogate pairs) becomes U+FFFD: a message that came from
 *    somewhere else must not make the file unreadable.
 */
import type { Check, Report, Scenario } from "../../simulator/common/contract/files/report.ts";
import { unreachable } from "../../simulator/common/foundation/assert.ts";

const SUITE_NAME = "flink-apphost";

interface Case {
  readonly name: string;
  readonly outcome:
    | { readonly kind: "passed"; readonly detail: string }
    | { readonly kind: "failure" | "error" | "skipped"; readonly message: string; readonly detail: string };
}

interface Suite {
  readonly name: string;
  readonly cases: readonly Case[];
  readonly seconds: number;
}

export function renderJunit(report: Report): string {
  const listed = new Set(report.scenarios.flatMap(({ checks }) => checks));
  const rest = report.checks.filter(({ id }) => !listed.has(id));
  const suites: Suite[] = [
    verdictSuite(report),
    ...report.scenarios.map((scenario) => scenarioSuite(scenario, report.checks)),
    ...(rest.length === 0 ? [] : [{ name: "Further Checks", cases: rest.map(checkCase), seconds: 0 }]),
  ];
  const all = suites.flatMap(({ cases }) => cases);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: `${SUITE_NAME} run ${report.runId}`, ...countCases(all), time: seconds(report) })}>`,
    ...suites.flatMap((suite) => renderSuite(suite, report)),
    "</testsuites>",
    "",
  ].join("\n");
}

const seconds = ({ durationMs }: Report): string => (durationMs.total / 1_000).toFixed(3);

function verdictSuite(report: Report): Suite {
  const { verdict, exitCode, reasons } = report;
  const said = `${verdict}, exit code ${exitCode}`;
  const detail = reasons.join("\n");
  const name = "the run passes";
  const wrong = (kind: "failure" | "error"): Case => ({ name, outcome: { kind, message: said, detail } });
  const ofVerdict = (): Case => {
    switch (verdict) {
      case "passed":
        return { name, outcome: { kind: "passed", detail: said } };
      case "failed":
        return wrong("failure");
      case "unknown":
      case "interrupted":
        return wrong("error");
      default:
        return unreachable(verdict);
    }
  };
  return { name: "Verdict", cases: [ofVerdict()], seconds: report.durationMs.total / 1_000 };
}

const scenarioSuite = ({ name, checks }: Scenario, all: readonly Check[]): Suite => ({
  name,
  cases: all.filter(({ id }) => checks.includes(id)).map(checkCase),
  // A check is a comparison of facts, and has no time of its own.
  seconds: 0,
});

function checkCase(check: Check): Case {
  const { id, title, status, reason, expected, actual, examined } = check;
  const name = `${title} (${id})`;
  const detail = `expected: ${expected}\nactual: ${actual}\nexamined: ${examined}\n${reason}`;
  switch (status) {
    case "passed":
      return { name, outcome: { kind: "passed", detail } };
    case "failed":
      return { name, outcome: { kind: "failure", message: reason, detail } };
    case "unknown":
      return { name, outcome: { kind: "error", message: `not known: ${reason}`, detail } };
    case "notApplicable":
      return { name, outcome: { kind: "skipped", message: reason, detail: "" } };
    default:
      return unreachable(status);
  }
}

function countCases(cases: readonly Case[]): Record<string, string> {
  const count = (kind: Case["outcome"]["kind"]) => String(cases.filter(({ outcome }) => outcome.kind === kind).length);
  return {
    tests: String(cases.length),
    failures: count("failure"),
    errors: count("error"),
    skipped: count("skipped"),
  };
}

function renderSuite({ name, cases, seconds: time }: Suite, { startedAt }: Report): string[] {
  // JUnit's times have no zone; they are UTC.
  const timestamp = startedAt.replace(/Z$/, "");
  return [
    `  <testsuite${attributes({ name, ...countCases(cases), time: time.toFixed(3), timestamp })}>`,
    ...cases.flatMap((one) => renderCase(one, name)),
    "  </testsuite>",
  ];
}

function renderCase({ name, outcome }: Case, suite: string): string[] {
  const open = `    <testcase${attributes({ classname: `${SUITE_NAME}.${suite}`, name, time: "0" })}>`;
  const text = outcome.detail === "" ? "" : escapeXml(outcome.detail);
  const inner =
    outcome.kind === "passed"
      ? `<system-out>${text}</system-out>`
      : `<${outcome.kind}${attributes({ message: outcome.message })}>${text}</${outcome.kind}>`;
  return [open, `      ${inner}`, "    </testcase>"];
}

const attributes = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(value).replaceAll("\n", "&#10;").replaceAll("\t", "&#9;")}"`)
    .join("");

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** J1. What the XML recommendation calls Char is kept, without the carriage return, which a parser would make a line end. */
const escapeXml = (text: string): string =>
  text
    .replace(/[^\t\n\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, "\u{FFFD}")
    .replace(/[&<>"]/g, (sign) => ENTITIES[sign] as string);
