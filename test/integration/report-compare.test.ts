/**
 * Two real runs with embedded servers, in the second of which a TaskManager gets the processor only a ninth of the time:
 * the comparison names it, and what got worse. The other questions are asked of the same two runs.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DOMParser } from "@xmldom/xmldom";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it, test } from "vitest";
import type { Comparison } from "../../scripts/report/compare/compare-runs.ts";
import type { Report } from "../../simulator/common/contract/files/report.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { sleep, waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { expectAccessible, launchBrowser, visitPage } from "../support/browser.ts";
import { describeReal } from "../support/real-parts.ts";
import { type Cli, type CliResult, findRunDir, runCli, startCli } from "../support/run-cli.ts";

const SLOWED = "taskmanager-03";
const RUN =
  "up --once --infra embedded --ui quiet --task-managers 6 --partitions 6 --messages 420000 --rate 60000".split(" ");

let cwd: string;
let [quick, slowed]: [string, string] = ["", ""];

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "flink-apphost-compare-"));
  quick = await runOnce(async () => undefined);
  slowed = await runOnce(slowDown);
}, 180_000);

afterAll(() => rmSync(cwd, { recursive: true, force: true }));

/** Returns the run's id. */
async function runOnce(during: (cli: Cli) => Promise<void>): Promise<string> {
  const cli = startCli(RUN, { cwd });
  try {
    await during(cli);
    const { exitCode, stderr } = await cli.end();
    expect(exitCode, stderr).toBe(0);
    return await cli.runId();
  } finally {
    await cli.dispose();
  }
}

/** Stops and continues it while messages are produced. */
async function slowDown(cli: Cli): Promise<void> {
  const isThere = () => findRunDir(cwd)?.endsWith(quick) === false || undefined;
  await waitUntil(isThere, { what: "the folder of the second run", deadlineMs: 20_000 });
  await cli.waitForEvent("phase", ({ phase }) => phase === "producing");
  const { pid } = await cli.waitForEvent("resource", (event) => event.name === SLOWED && event.pid !== null);
  const isProduced = async () =>
    (await cli.events()).some((event) => event.type === "phase" && event.phase === "draining");
  try {
    while (!(await isProduced())) {
      process.kill(pid as number, "SIGSTOP");
      // The shares of time are what is set up here; nothing is waited for. A stop is far longer than what a machine that is
      // shared with others takes the processor away for, or the quick run would be as slow.
      await sleep(800);
      process.kill(pid as number, "SIGCONT");
      await sleep(100);
    }
  } finally {
    process.kill(pid as number, "SIGCONT");
  }
}

const report = (...args: readonly string[]): Promise<CliResult> => runCli(["report", ...args], { cwd });

test("a slowed TaskManager is named, with what got worse, and ends with 5 above the limit", async () => {
  const { exitCode, stdout, stderr } = await report("--compare", quick, slowed, "--fail-above", "50%");
  expect(exitCode, stderr).toBe(5);
  expect(stdout).toMatch(new RegExp(`^${SLOWED} SLOWER THAN ITS PEERS in B: latency p50`, "m"));
  expect(stdout).not.toMatch(/^taskmanager-0[^3] SLOWER THAN ITS PEERS in B: latency p50/m);
  expect(stdout).toMatch(/^WORSE: latency p99, /m);
  expect(stdout).toMatch(/^FAILED: .*latency p99/m);
});

test("the other way round it is better, and the limit is kept", async () => {
  const { exitCode, stdout, stderr } = await report(
    "--compare",
    slowed,
    quick,
    "--fail-above",
    "50%",
    "--format",
    "json",
  );
  expect(exitCode, stderr).toBe(0);
  const { figures, standOuts, judgement, differences } = JSON.parse(stdout) as Comparison;
  expect(figures.find(({ id }) => id === "latencyP99Ms")).toMatchObject({
    outcome: "better",
    a: { spreadOf: "seconds", runs: 1 },
  });
  expect(standOuts).toContainEqual(expect.objectContaining({ name: SLOWED, measure: "latency p50", side: "a" }));
  expect([judgement, differences]).toEqual([{ kind: "kept" }, []]);
});

describeReal(["browser"], "the page of a comparison in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  it("names the slowed TaskManager and what got worse, before anything else", async () => {
    const page = join(cwd, "comparison.html");
    const made = await report("--compare", quick, slowed, "--html", "comparison.html");
    expect(made).toMatchObject({ exitCode: 0, stdout: `${page}\n`, stderr: "" });
    await visitPage(browser, page, "light", async (visited) => {
      const lead = (await visited.locator(".lead").textContent()) ?? "";
      expect(lead).toMatch(/figures got worse/);
      expect(lead).toMatch(/latency p99: [\d.,]+ ms in A, [\d.,]+ ms in B \(\+/);
      expect(lead).toContain(`${SLOWED} SLOWER THAN ITS PEERS in B: latency p50`);
      expect(await visited.locator("#figures tbody tr").first().textContent()).toContain("WORSE");
      const standsOut = visited.locator("#members table").first();
      expect(await standsOut.getByRole("rowheader", { name: SLOWED }).count()).toBeGreaterThan(0);
      // Both sides are drawn, and can be read as a table.
      const chart = visited.locator("#chart-figure-latencyP99Ms");
      expect(await chart.locator("svg text").allTextContents()).toEqual(expect.arrayContaining(["A", "B"]));
      await chart.locator("summary").click();
      expect(await chart.getByRole("row").count()).toBe(3);
      expect(await visited.locator("#environment").textContent()).toContain("embedded flink-apphost");
      await expectAccessible(visited, null);
    });
    await visitPage(browser, page, "dark", (visited) => expectAccessible(visited, ["color-contrast"]));
  });

  it("fits a narrow screen and paper", async () => {
    await visitPage(browser, join(cwd, "comparison.html"), "light", async (visited) => {
      await visited.setViewportSize({ width: 360, height: 700 });
      expect(await visited.evaluate("document.documentElement.scrollWidth")).toBe(360);
      await visited.emulateMedia({ media: "print" });
      await visited.setViewportSize({ width: 720, height: 1_000 });
      const wide = `[...document.querySelectorAll(".scroll")]
        .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.getAttribute("aria-label"))`;
      expect(await visited.evaluate(wide)).toEqual([]);
    });
  });
});

test("a page is made also where the limit is exceeded, and opened from the folder of B's run", async () => {
  const opener = join(cwd, "opener");
  writeFileSync(opener, "#!/bin/sh\nexit 0\n");
  chmodSync(opener, 0o700);
  const args = ["report", "--compare", quick, slowed, "--fail-above", "50%", "--open", "--format", "json"];
  const { exitCode, stdout, stderr } = await runCli(args, { cwd, env: { BROWSER: opener } });
  const page = runFolder.comparisonPage(findRunDir(cwd) as string);
  expect({ exitCode, stderr }).toEqual({ exitCode: 5, stderr: `the page is ${page}\nopened by ${opener}\n` });
  expect((JSON.parse(stdout) as Comparison).judgement?.kind).toBe("worse");
  expect(readFileSync(page, "utf8")).toMatch(/<p class="verdict bad">FAILED: worse by more than 50 %/);
  expect(statSync(page).mode & 0o777).toBe(0o600);
});

test("a page that cannot be written, or has no place, ends with 2, and no baseline is saved", async () => {
  const baseline = join(cwd, "unsaved.json");
  const nowhere = await report("--compare", slowed, quick, "--html", "nowhere/page.html", "--save-baseline", baseline);
  expect([nowhere.exitCode, nowhere.stdout, existsSync(baseline)]).toEqual([2, "", false]);
  expect(nowhere.stderr).toContain("page.html is not written: the system says ENOENT");
  const folder = mkdtempSync(join(tmpdir(), "flink-apphost-compare-"));
  try {
    for (const name of ["a.json", "b.json"])
      copyFileSync(runFolder.report(findRunDir(cwd) as string), join(folder, name));
    const elsewhere = await runCli(["report", "--compare", "a.json", "b.json", "--open"], { cwd: folder });
    expect(elsewhere.exitCode).toBe(2);
    expect(elsewhere.stderr).toContain("--open has no place for the page");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a baseline is held against the newest run, and is not extended by what is worse than it", async () => {
  const baseline = join(cwd, "baseline.json");
  expect(await report("--run", quick, "--save-baseline", baseline)).toMatchObject({
    exitCode: 0,
    stderr: `${baseline}: 1 added, 1 in all\n`,
  });
  const saved = readFileSync(baseline, "utf8");
  const worse = await report("--baseline", baseline, "--fail-above", "50%", "--save-baseline", baseline);
  expect(worse).toMatchObject({ exitCode: 5, stderr: `${baseline} is left as it is: the comparison did not pass\n` });
  expect(worse.stdout).toContain(`${SLOWED} SLOWER THAN ITS PEERS in B: latency p50`);
  expect(readFileSync(baseline, "utf8")).toBe(saved);
  // Several runs on a side, each counted once.
  const both = await report("--compare", `${quick},${baseline},${slowed}`, slowed, "--format", "json");
  expect((JSON.parse(both.stdout) as Comparison).a.runs.map(({ runId }) => runId)).toEqual([quick, slowed]);
  expect(both.stderr).toBe(`run ${slowed} is on both sides of the comparison\n`);
});

test("runs that are not alike are refused by name, and compared by force", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flink-apphost-compare-"));
  try {
    const other = join(folder, "other.json");
    copyFileSync(runFolder.report(findRunDir(cwd) as string), other);
    const changed = JSON.parse(readFileSync(other, "utf8")) as Report;
    const parameters = { ...changed.parameters, messageSize: 200 };
    writeFileSync(other, JSON.stringify({ ...changed, parameters, verdict: "failed", exitCode: 4 }));
    const refused = await report("--compare", quick, other);
    expect(refused).toMatchObject({ exitCode: 2, stdout: "" });
    expect(refused.stderr).toContain("  verdict: passed beside failed\n  message size: 100 bytes beside 200 bytes\n");
    const forced = await report("--compare", quick, other, "--force");
    expect(forced.exitCode, forced.stderr).toBe(0);
    expect(forced.stdout).toContain("  message size: 100 bytes in A, 200 bytes in B\n");
    const page = join(folder, "forced.html");
    expect(await report("--compare", quick, other, "--html", page)).toMatchObject({ exitCode: 2 });
    expect(existsSync(page)).toBe(false);
    expect(await report("--compare", quick, other, "--force", "--html", page)).toMatchObject({ exitCode: 0 });
    const text = readFileSync(page, "utf8");
    expect(text).toContain("Compared by force:</strong> the sides differ in verdict, message size,");
    expect(text).toMatch(/<section id="differences"[\s\S]*<td>100 bytes<\/td><td>200 bytes<\/td>/);
    const saved = join(folder, "baseline.json");
    const failed = await report("--compare", quick, other, "--force", "--save-baseline", saved);
    expect([failed.exitCode, existsSync(saved)]).toEqual([2, false]);
    expect(failed.stderr).toContain(`run ${slowed} is failed, and no baseline for others`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("what cannot be compared is wrong usage, each of it at once", async () => {
  const refused = await report(
    "--compare",
    quick,
    "--baseline",
    "x.json",
    "--junit",
    "y.xml",
    "--fail-above",
    "a tenth",
  );
  expect(refused.exitCode).toBe(2);
  expect(refused.stderr).toContain('--fail-above is "a tenth": expected a percentage');
  const conflicts = await report(slowed, "--force", "--fail-above", "10%");
  expect(conflicts.exitCode).toBe(2);
  for (const what of [
    `"${slowed}" stands there without --compare`,
    "--fail-above has nothing",
    "--force has nothing",
  ]) {
    expect(conflicts.stderr).toContain(what);
  }
  const unknown = await report("--compare", "nowhere");
  expect(unknown.exitCode).toBe(2);
  expect(unknown.stderr).toContain(`expected a run id (${quick}, ${slowed}), the folder of a run, or a file`);
});

test("the checks as JUnit XML are read by a parser, and a file that cannot be written is told", async () => {
  const path = join(cwd, "junit.xml");
  const written = await report("--junit", path);
  expect(written.exitCode, written.stderr).toBe(0);
  const document = new DOMParser().parseFromString(readFileSync(path, "utf8"), "text/xml");
  const { checks } = JSON.parse(readFileSync(runFolder.report(findRunDir(cwd) as string), "utf8")) as Report;
  // One more is the verdict.
  expect(document.getElementsByTagName("testcase")).toHaveLength(checks.length + 1);
  expect(document.getElementsByTagName("failure")).toHaveLength(0);
  const nowhere = await report("--junit", join(cwd, "missing", "junit.xml"));
  expect(nowhere.exitCode).toBe(3);
  expect(nowhere.stderr).toContain(`${join(cwd, "missing", "junit.xml")} cannot be written`);
});
