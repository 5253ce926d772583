import { expect, it } from "vitest";
import { readPageReport, renderRunPage } from "../../../../../scripts/report/html/run-page.ts";
import { Timeline } from "../../../../../scripts/report/html/timeline.ts";
import type { Check, Report } from "../../../../../simulator/common/contract/files/report.ts";
import { parseJson } from "../../../../../simulator/common/foundation/json-fields.ts";
import { sampleProgress } from "../../../../support/sample-events.ts";
import { REPORT_START_US, sampleReport } from "../../../../support/sample-report.ts";

const HOSTILE = `</td></style><script>alert("x")</script><img src=x onerror=alert(1)>`;

function makeTimeline(lines: readonly object[] = []): Timeline {
  const timeline = new Timeline(REPORT_START_US);
  for (const line of lines) timeline.add(JSON.stringify(line));
  return timeline;
}

const render = (report: Report, lines: readonly object[] = [], unread: readonly string[] = []): string =>
  renderRunPage({ report, timeline: makeTimeline(lines), command: "npx flink-apphost up", unread });

const LINES = [
  { type: "phase", phase: "producing", detail: "" },
  ...[1, 2, 3, 4].flatMap((second) => [
    { ...sampleProgress(second / 4, { taskManagers: 2 }), second },
    {
      type: "usage",
      second,
      processes: [
        { name: "kafka", cpuPercent: 10 * second, rssBytes: 2 ** 28 },
        { name: "taskmanager-01", cpuPercent: 5, rssBytes: 2 ** 26 },
      ],
      machine: { cpuPercent: 50, memoryPercent: 10 },
    },
    { type: "checkpoint", second, id: second, status: "completed", durationMs: second, total: second, reason: null },
  ]),
].map((line) => ({ ...line, atUs: REPORT_START_US + ("second" in line ? line.second : 0) * 1e6 }));

it("tells verdict, scenarios, every check, figures, charts, moments, samples, environment and the command", () => {
  const page = render(sampleReport(), LINES);
  for (const text of [
    "PASSED",
    "Redis Data Validation",
    "the job keeps counts in one Redis hash",
    // Of no scenario.
    "Further checks",
    "I4-redis-vs-topic",
    "fault: processExit of taskmanager-01",
    "ready again after 1.2 s",
    "sample-data-000000000001",
    "a processor",
    "npx flink-apphost up",
  ]) {
    expect(page).toContain(text);
  }
  const drawn = [...page.matchAll(/<figure id="chart-([\w-]+)">/g)].map(([, id]) => id);
  expect(drawn).toEqual([
    "throughput",
    "lag",
    "latency",
    "task-manager-rates",
    "checkpoints",
    "task-managers",
    "partitions",
    "machine",
    "process-cpu",
    "task-manager-cpu",
    "process-memory",
    "task-manager-memory",
  ]);
  expect(page).not.toMatch(/undefined|NaN|\[object/);
  expect(page).not.toContain("What is missing");
});

it("keeps to what its policy allows: no script, no style but its sheet, and nothing from elsewhere", () => {
  const page = render(sampleReport(), LINES);
  expect(page).toMatch(
    /Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;sha256-[\w+/=]+&#39;/,
  );
  expect(page).not.toMatch(/<script|<link|<iframe|<img|<form| on\w+="| style="|@import|url\((?!#)/i);
  const addresses = [...page.matchAll(/\b(?:href|src|xlink:href)="([^"]*)"/g)].map(([, address]) => address);
  expect(addresses.filter((address) => !/^#[\w-]+$/.test(address ?? ""))).toEqual([]);
});

it("keeps every text a text, whoever wrote it", () => {
  const report = sampleReport({ verdict: "failed", exitCode: 4, reasons: [HOSTILE] });
  /** Every text of the document, but for those that are words of its form. */
  const poison = (value: unknown, key = ""): unknown => {
    if (typeof value === "string") return /^(verdict|status|at|mode)$/.test(key) ? value : `${value}${HOSTILE}`;
    if (Array.isArray(value)) return value.map((one) => poison(one, key));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, poison(one, name)]));
  };
  const lines = LINES.map((line) => ({ ...(poison(line) as object), type: line.type, atUs: line.atUs }));
  const page = render(poison(report) as Report, lines, [HOSTILE]);
  const clean = render(report, LINES, ["x"]);
  const tagsOf = (text: string) => new Set([...text.matchAll(/<\/?([a-zA-Z!][\w!-]*)/g)].map(([, tag]) => tag));
  expect(page).toContain("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;");
  expect([...tagsOf(page)].sort()).toEqual([...tagsOf(clean)].sort());
  expect(page.match(/<style/g)).toHaveLength(1);
});

it("says what an earlier version did not record, and still is a page", () => {
  const old = LINES.filter(({ type }) => type === "progress").map(({ ...line }) => ({
    ...line,
    intervalLatencyMs: undefined,
  }));
  const page = render(sampleReport(), old);
  expect(page).toContain("the progress in events.ndjson has no intervalLatencyMs");
  expect(page).toContain("of all messages since the start");
  expect(page).toContain("metrics.ndjson has no usage lines");
  const bare = render(
    sampleReport({ taskManagers: [], partitions: [], scenarios: [], faults: [] }),
    [],
    ["events.ndjson was not read: it does not exist."],
  );
  expect(bare).toContain("events.ndjson was not read: it does not exist.");
  expect(bare).toContain("events.ndjson has no progress of this run");
  expect(bare).not.toMatch(/undefined|NaN/);
});

it("tells beside the number of messages by what they were compressed, if they were", () => {
  const report = sampleReport();
  const compressed = render({ ...report, parameters: { ...report.parameters, compression: "lz4" } });
  expect(compressed).toContain("2,000 requested, compressed by lz4, 2,000 acknowledged");
  for (const parameters of [report.parameters, { ...report.parameters, compression: "none" }]) {
    expect(render({ ...report, parameters })).toContain("2,000 requested, 2,000 acknowledged");
  }
});

it("says nothing of the sources of checks where the report does not", () => {
  const checks = sampleReport().checks.map(({ sources, independent, why, ...check }) => check as Check);
  expect(render(sampleReport())).toContain("(independent: ");
  expect(render(sampleReport({ checks }))).not.toContain("independent");
});

it("is made of a report that has all it goes through, and of no other", () => {
  const read = (change: object) => parseJson(JSON.stringify({ ...sampleReport(), ...change }), readPageReport);
  expect(read({})).toMatchObject({ kind: "valid" });
  for (const [change, reason] of [
    [{ verdict: "great", exitCode: 4 }, /verdict is "great"/],
    [{ taskManagers: [{ id: "a" }] }, /taskManagers\[0\]\.partitions is missing/],
    [{ checks: [{ status: "fine" }] }, /checks\[0\]\.status is "fine"/],
    [{ timesUs: {} }, /timesUs\.hostStart is missing/],
    [{ samples: { first: [] } }, /samples\.last is missing/],
    [{ infra: { kafka: {} } }, /infra\.redis is missing/],
  ] as const) {
    expect(read(change)).toMatchObject({ kind: "malformed", reason: expect.stringMatching(reason) });
  }
});

it("stays small for an hour of 20 TaskManagers", () => {
  const lines = Array.from({ length: 3_600 }, (_, second) => ({
    ...sampleProgress(second / 3_600),
    atUs: REPORT_START_US + second * 1e6,
  }));
  expect(render(sampleReport(), lines).length).toBeLessThan(1_500_000);
});
