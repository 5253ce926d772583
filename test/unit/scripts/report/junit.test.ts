/** JUnit XML, read back by a strict parser that is not ours. */
import { DOMParser, type Element } from "@xmldom/xmldom";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { renderJunit } from "../../../../scripts/report/junit.ts";
import type { CheckStatus } from "../../../../simulator/common/contract/files/report.ts";
import { evenReport, sampleCheck } from "../../../support/even-report.ts";

/** Throws at anything that is not well-formed. Warnings are of what HTML allows, and of the sign that J1 writes. */
function parseXml(text: string): Element {
  const onError = (level: string, message: string) => {
    if (!/^Unicode replacement character/.test(message)) throw new Error(`${level}: ${message}`);
  };
  return new DOMParser({ onError }).parseFromString(text, "text/xml").documentElement as Element;
}

const attributesOf = (element: Element, ...names: readonly string[]) => names.map((name) => element.getAttribute(name));

const STATUSES: readonly CheckStatus[] = ["passed", "failed", "unknown", "notApplicable"];
const checks = STATUSES.map((status) => sampleCheck({ id: status, title: `A check ${status}`, status, reason: "why" }));
const scenarios = evenReport().scenarios.map((scenario) => ({ ...scenario, checks: ["passed", "failed"] }));

describe("renderJunit", () => {
  it("makes a suite of each scenario, and a case of each check by what became of it", () => {
    const root = parseXml(
      renderJunit(evenReport({ checks, scenarios, verdict: "failed", exitCode: 4, reasons: ["r"] })),
    );
    expect(attributesOf(root, "tests", "failures", "errors", "skipped")).toEqual(["5", "2", "1", "1"]);
    const suites = [...root.getElementsByTagName("testsuite")];
    expect(suites.map((suite) => attributesOf(suite, "name", "tests", "failures"))).toEqual([
      ["Verdict", "1", "1"],
      ["Redis Data Validation", "2", "1"],
      ["Further Checks", "2", "0"],
    ]);
    expect(attributesOf(suites[0] as Element, "timestamp", "time")).toEqual(["2026-11-22T18:24:24.000", "14.000"]);
    const cases = [...root.getElementsByTagName("testcase")];
    const outcomes = cases.map((one) => [one.getAttribute("name"), [...one.getElementsByTagName("*")][0]?.tagName]);
    expect(outcomes).toEqual([
      ["the run passes", "failure"],
      ["A check passed (passed)", "system-out"],
      ["A check failed (failed)", "failure"],
      ["A check unknown (unknown)", "error"],
      ["A check notApplicable (notApplicable)", "skipped"],
    ]);
  });

  it("is not green for a run that ended before its checks", () => {
    const ended = evenReport({
      checks: [],
      scenarios: [],
      verdict: "interrupted",
      exitCode: 130,
      reasons: ["SIGINT"],
    });
    const root = parseXml(renderJunit(ended));
    expect(attributesOf(root, "tests", "failures", "errors")).toEqual(["1", "0", "1"]);
    expect(root.getElementsByTagName("error")[0]?.textContent).toBe("SIGINT");
  });

  it("gives every text back as it was, but for what XML cannot hold (J1)", () => {
    const said = '<b attr="1">&amp; ]]> \u{1F600} é\n\ttab';
    const unwritable = "\u{0}\u{1B}[31m\u{FFFE}\uD800\r";
    const root = parseXml(
      renderJunit(
        evenReport({ checks: [sampleCheck({ id: "I2-total", status: "failed", reason: said + unwritable })] }),
      ),
    );
    const failure = root.getElementsByTagName("failure")[0];
    const expected = `${said}\u{FFFD}\u{FFFD}[31m\u{FFFD}\u{FFFD}\u{FFFD}`;
    expect(failure?.getAttribute("message")).toBe(expected);
    expect(failure?.textContent).toContain(expected);
  });

  it("is well-formed whatever a reason holds", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme-composite" }), (reason, title) => {
        const check = sampleCheck({ id: "I2-total", status: "failed", reason, title });
        parseXml(renderJunit(evenReport({ checks: [check], reasons: [reason] })));
      }),
    );
  });
});
