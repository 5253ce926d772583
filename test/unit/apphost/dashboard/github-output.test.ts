import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isGithubActions, listAnnotations, startGithubOutput } from "../../../../apphost/dashboard/github-output.ts";
import { startPlainOutput } from "../../../../apphost/dashboard/plain-output.ts";
import { formatStepSummary } from "../../../../apphost/dashboard/step-summary.ts";
import { createEventFeed } from "../../../../apphost/run/event-feed.ts";
import type { VerdictEvent } from "../../../../apphost/snapshot/event-text.ts";
import type { HostEventBody } from "../../../../simulator/common/contract/events.ts";
import type { Report } from "../../../../simulator/common/contract/files/report.ts";
import { evenReport, sampleCheck } from "../../../support/even-report.ts";
import { SAMPLE_START_US, sampleEvents } from "../../../support/sample-events.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flink-apphost-github-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const failed = sampleCheck({ status: "failed", reason: "100% of\r\ntwo", expected: "a, b: c", actual: "d" });
const failedReport = () => evenReport({ verdict: "failed", exitCode: 4, reasons: ["why"], checks: [failed] });

function verdictOf(report: Report, path: string): HostEventBody & { type: "verdict" } {
  const { verdict, exitCode, reasons, runId } = report;
  return {
    type: "verdict",
    verdict,
    exitCode,
    reasons,
    runId,
    report: path,
    rounds: 1,
    processed: 10,
    notCounted: 0,
    lost: 0,
    duplicated: 0,
    endToEndPerSecond: 5,
    checks: { passed: 0, failed: 1, unknown: 0, notApplicable: 0 },
  };
}

const stamped = (report: Report, path = "report.json"): VerdictEvent => ({ atUs: 1, ...verdictOf(report, path) });

/** The lines that a run has which ends with this report, or with the path of one that is not there. */
async function play(report: Report | string, summaryPath: string | undefined): Promise<string[]> {
  const path = typeof report === "string" ? report : join(folder, "report.json");
  const content = typeof report === "string" ? failedReport() : report;
  if (typeof report !== "string") writeFileSync(path, JSON.stringify(report));
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const feed = createEventFeed({
    clock: { nowUs: () => SAMPLE_START_US },
    append: () => undefined,
    appendMetrics: () => undefined,
  });
  const output = startGithubOutput({
    feed,
    write,
    summaryPath,
    startPlain: (shown) => startPlainOutput({ feed: shown, write, summaryOnly: false }),
  });
  for (const { atUs: _, ...body } of sampleEvents({ passed: true })) {
    feed.emit((body.type === "verdict" ? verdictOf(content, path) : body) as HostEventBody);
  }
  feed.emit({ type: "phase", phase: "ended", detail: "" });
  await output.close();
  return lines;
}

const isCommand = (line: string) => /^\s*(::|##\[)/.test(line);

describe("plain output in GitHub Actions", () => {
  it("is folded by phase, and every group is closed before the next one and before the summary", async () => {
    const lines = await play(evenReport(), undefined);
    const commands = lines.filter(isCommand);
    expect(commands.length).toBeGreaterThan(4);
    commands.forEach((line, index) => {
      expect(line).toMatch(index % 2 === 0 ? /^::group::[a-z]+/ : /^::endgroup::$/);
    });
    expect(commands.length % 2).toBe(0);
    const producing = lines.findIndex((line) => line.startsWith("::group::producing"));
    expect(lines[producing + 1]).toMatch(/ {2}phase {2,}producing/);
    expect(lines.lastIndexOf("::endgroup::")).toBeLessThan(lines.findIndex((line) => line.startsWith("PASSED")));
  });

  it("annotates what failed, escaped as GitHub reads it, before the summary and outside of a group (H1, H2)", async () => {
    const lines = await play(failedReport(), undefined);
    const annotation = lines.findIndex((line) => line.startsWith("::error "));
    expect(lines[annotation]).toBe(
      "::error title=The total is the sum of the partitions' counts (I2-total)::100%25 of%0D%0Atwo%0Aexpected: a, b: c%0Aactual: d",
    );
    expect(lines.lastIndexOf("::endgroup::")).toBeLessThan(annotation);
  });

  it("escapes a colon and a comma in the title", () => {
    const report = evenReport({
      verdict: "unknown",
      exitCode: 3,
      checks: [sampleCheck({ status: "unknown", title: "a: b, 5%" })],
    });
    expect(listAnnotations(stamped(report), report)[0]).toMatch(/^::warning title=a%3A b%2C 5%25 \(I2-total\)::/);
  });

  it("annotates the reasons of a run without checks, and nothing of one that passed", () => {
    const ended = evenReport({ verdict: "failed", exitCode: 3, reasons: ["Kafka is gone"], checks: [] });
    expect(listAnnotations(stamped(ended, ""), undefined)).toEqual([
      expect.stringMatching(/^::error title=flink-apphost::FAILED \(exit 3\): .*%0AKafka is gone$/),
    ]);
    expect(listAnnotations(null, undefined)).toEqual(["::error title=flink-apphost::the run ended without a verdict"]);
    expect(listAnnotations(stamped(evenReport()), evenReport())).toEqual([]);
  });

  it("annotates no more than GitHub shows, and says how many more there are", () => {
    const checks = Array.from({ length: 15 }, (_, i) => sampleCheck({ id: `check-${i}`, status: "failed" }));
    const lines = listAnnotations(stamped(failedReport()), { ...failedReport(), checks });
    expect(lines).toHaveLength(10);
    expect(lines.at(-1)).toBe("::error title=flink-apphost::6 more checks failed: see the report");
  });

  it("appends a summary to what other steps have written", async () => {
    const path = join(folder, "summary.md");
    writeFileSync(path, "before\n");
    await play(failedReport(), path);
    const text = readFileSync(path, "utf8");
    expect(text).toMatch(/^before\n### flink-apphost: FAILED\n/);
    expect(text).toContain("\n| Rate end to end | 80,000/s |\n");
    expect(text).toContain(
      "\n- **The total is the sum of the partitions' counts (I2-total)**: 100% of two; expected a, b: c, actual d\n",
    );
    expect(text).toContain(`\nReport: ${join(folder, "report.json").replaceAll("_", "\\_")}\n`);
  });

  it("shows signs of Markdown and HTML in a reason as they are", () => {
    const report = failedReport();
    const text = formatStepSummary({ ...stamped(report), reasons: ["<img src=x> | `a` *b*\n# c"] }, report);
    expect(text).toContain("- \\<img src=x\\> \\| \\`a\\` \\*b\\* \\# c\n");
  });

  it.each([
    ["a folder", () => folder],
    ["in a folder that is not there", () => join(folder, "missing", "summary.md")],
  ])("tells by a notice that the summary is %s, and ends as it would (H3)", async (_, path) => {
    const lines = await play(evenReport(), path());
    expect(lines.at(-1)).toMatch(
      /^::notice title=flink-apphost::the step summary \(GITHUB_STEP_SUMMARY\) could not be/,
    );
    expect(lines.some((line) => line.startsWith("PASSED"))).toBe(true);
  });

  it("tells by a notice that a report cannot be read, and annotates the reasons instead (H3)", async () => {
    const path = join(folder, "broken.json");
    writeFileSync(path, "{");
    const commands = (await play(path, undefined)).filter((line) => /^::(notice|error)/.test(line));
    expect(commands[0]).toMatch(/^::notice title=flink-apphost::the checks are not annotated: .*it is not JSON/);
    expect(commands[1]).toMatch(/^::error title=flink-apphost::FAILED \(exit 4\): .*%0Awhy$/);
  });

  it("writes no summary where there is no variable", async () => {
    await play(evenReport(), "");
    expect(existsSync(join(folder, "summary.md"))).toBe(false);
  });

  it("is nothing unless GITHUB_ACTIONS is true", () => {
    expect([{}, { GITHUB_ACTIONS: "" }, { GITHUB_ACTIONS: "false" }].map(isGithubActions)).toEqual([
      false,
      false,
      false,
    ]);
    expect(isGithubActions({ GITHUB_ACTIONS: "true" })).toBe(true);
  });
});
