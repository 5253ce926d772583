/** Reading a run's metrics report after report: each reads what is new, and knows what one that reads all would know. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readMetrics } from "../../../../scripts/report/metrics-file.ts";
import { runFolder } from "../../../../simulator/common/contract/files/run-folder.ts";
import { latencyBucket } from "../../../../simulator/common/contract/latency-histogram.ts";
import type { TaskManagerMetrics } from "../../../../simulator/common/contract/metrics.ts";
import { createLog } from "../../../../simulator/common/foundation/log.ts";

const LOAD_US = 5;
let runDir: string;
let path: string;
let logged: string[];

beforeEach(() => {
  runDir = mkdtempSync(join(tmpdir(), "metrics-file-"));
  path = runFolder.metrics(runDir);
  logged = [];
});
afterEach(() => rmSync(runDir, { recursive: true }));

const read = (loadStartedAtUs = LOAD_US) =>
  readMetrics({ runDir, loadStartedAtUs, log: createLog((line) => logged.push(line)) });

/** The k-th message of an incarnation: all its counts rise by one each time. */
const lineOf = (tm: string, incarnation: string, k: number, atUs: number): string => {
  const counts = { processed: k, rejected: 0, skipped: 0, bytes: k, busyMs: k, cpuMs: k, observerCpuMs: k };
  const metrics: TaskManagerMetrics = {
    tm,
    incarnation,
    pid: 1,
    atUs,
    checkpointId: 0,
    final: false,
    rssBytes: 100 - k,
    partitions: [],
    ...counts,
    applies: { ok: k, dup: 0, seek: 0, fenced: 0, storeLost: 0 },
    eventLoopLagMsMax: 0,
    latency: [latencyBucket(1_000 * k), k],
    latencyUsMax: 1_000 * k,
  };
  return `${JSON.stringify(metrics)}\n`;
};

const LINES = [
  lineOf("a", "1", 1, 1),
  lineOf("b", "1", 1, 2),
  lineOf("a", "1", 2, 4),
  lineOf("a", "2", 1, 6),
  lineOf("b", "1", 2, 7),
  lineOf("a", "2", 4, 8),
  lineOf("a", "3", 1, 9),
];

const summarize = (merge: Awaited<ReturnType<typeof read>>) => ({
  a: merge.use("a"),
  b: merge.use("b"),
  nobody: merge.use("nobody"),
  applies: merge.applies(),
  latency: merge.latencyMs(20),
  observerCpuMs: merge.observerCpuMs(),
});

it("sums lives, adds histograms, and counts what observing cost since the load began", async () => {
  writeFileSync(path, LINES.join(""));
  const summary = summarize(await read());
  expect(summary).toMatchObject({
    a: { processed: 2 + 4 + 1, cpuMs: 7, rssBytesMax: 99 },
    b: { processed: 2, cpuMs: 2, rssBytesMax: 99 },
    nobody: { processed: 0 },
    applies: { ok: 9 },
    // Before the load: 2 of a, 1 of b.
    observerCpuMs: 9 - 3,
    latency: { recorded: 9, missing: 11, max: 4 },
  });
});

it("knows after each report what one that reads all knows, wherever the reports came in between", async () => {
  for (let cut = 0; cut <= LINES.length; cut += 1) {
    writeFileSync(path, LINES.join(""));
    rmSync(runFolder.metricsDigest(runDir), { force: true });
    const whole = summarize(await read());
    rmSync(runFolder.metricsDigest(runDir));
    writeFileSync(path, LINES.slice(0, cut).join(""));
    await read();
    appendFileSync(path, LINES.slice(cut).join(""));
    expect(summarize(await read())).toEqual(whole);
  }
  expect(logged).toEqual([]);
});

it("reads nothing that an earlier report has read", async () => {
  writeFileSync(path, LINES.slice(0, 4).join(""));
  await read();
  // Of the same length, and no metrics: it would be told.
  writeFileSync(path, `${"x".repeat(statSync(path).size - 1)}\n`);
  appendFileSync(path, LINES.slice(4).join(""));
  expect((await read()).use("a").processed).toBe(7);
  const digest = readFileSync(runFolder.metricsDigest(runDir), "utf8");
  expect((await read()).use("a").processed).toBe(7);
  expect(readFileSync(runFolder.metricsDigest(runDir), "utf8")).toBe(digest);
  expect(logged).toEqual([]);
});

it("passes over lines of other kinds, and tells of those that are none", async () => {
  const usage = '{"atUs":3,"type":"usage","processes":[],"machine":{"cpuPercent":1,"memoryPercent":2}}\n';
  writeFileSync(path, LINES.join(usage));
  expect((await read()).applies().ok).toBe(9);
  expect(logged).toEqual([]);
  appendFileSync(path, `${usage}{"tm":"a"}\nnull\nno json\n`);
  expect((await read()).applies().ok).toBe(9);
  expect(logged).toHaveLength(3);
});

it("leaves an unfinished line to the next report", async () => {
  const [first = "", second = ""] = LINES;
  writeFileSync(path, first + second.slice(0, 20));
  expect((await read()).applies().ok).toBe(1);
  appendFileSync(path, second.slice(20));
  expect((await read()).applies().ok).toBe(2);
});

it("reads all again when the digest is not of this file, of another load, or broken", async () => {
  writeFileSync(path, LINES.join(""));
  await read();
  expect((await read(0)).observerCpuMs()).toBe(9);
  truncateSync(path, LINES[0]?.length);
  expect((await read(0)).applies().ok).toBe(1);
  writeFileSync(runFolder.metricsDigest(runDir), "{");
  expect((await read(0)).applies().ok).toBe(1);
  expect(logged.join()).toContain("metrics-digest.json cannot be read, so all metrics are read again");
});

it("has no metrics where there is no file", async () => {
  expect(summarize(await read())).toMatchObject({ applies: { ok: 0 }, latency: { recorded: 0, p50: null } });
});
