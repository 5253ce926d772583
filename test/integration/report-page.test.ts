/**
 * `report --html` and `report --open`: a real run's page in a real browser. It asks for nothing but itself, says nothing on
 * the console, and is good to read in light, dark and on paper, by eye, keyboard and screen reader.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Report } from "../../simulator/common/contract/files/report.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { expectAccessible, launchBrowser, visitPage } from "../support/browser.ts";
import { describeReal } from "../support/real-parts.ts";
import { type Cli, runCli, startCli } from "../support/run-cli.ts";

const RUN = ["up", "--once", "--messages", "20000", "--rate", "10000", "--infra", "embedded", "--ui", "json"];
const HOSTILE = `</td></style><script>document.title = "taken"</script><img src="https://127.0.0.1/x" onerror="alert(1)">`;

let cli: Cli;
let runDir = "";
let page = "";

const ask = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runCli(["report", ...args], { cwd: cli.cwd, env });

beforeAll(async () => {
  cli = startCli([...RUN, "--task-managers", "3", "--partitions", "6"]);
  const { exitCode, stderr } = await cli.end();
  expect(exitCode, stderr).toBe(0);
  runDir = await cli.runDir();
  page = join(cli.cwd, "page.html");
  const asked = await ask(["--html", "page.html"]);
  expect(asked).toMatchObject({ exitCode: 0, stdout: `${page}\n`, stderr: "" });
});
afterAll(() => cli.dispose());

describeReal(["browser"], "the page of a run in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  const visit = (path: string, colorScheme: "light" | "dark", work: (visited: Page) => Promise<void>) =>
    visitPage(browser, path, colorScheme, work);

  it.each([
    // What else it finds does not depend on colours.
    ["dark", ["color-contrast"], ["rgb(13, 17, 23)", "rgb(157, 167, 179)"]],
    ["light", null, ["rgb(246, 247, 249)", "rgb(87, 96, 106)"]],
  ] as const)("has no serious fault for an eye or a screen reader in %s", async (scheme, rules, colors) => {
    await visit(page, scheme, async (visited) => {
      await expectAccessible(visited, rules);
      const shown = await visited.evaluate(`[
        getComputedStyle(document.body).backgroundColor,
        getComputedStyle(document.querySelector("figure svg text")).fill,
      ]`);
      expect(shown).toEqual(colors);
    });
  });

  it("is walked by the keyboard: past the links to the content, and into what scrolls", async () => {
    await visit(page, "light", async (visited) => {
      await visited.keyboard.press("Tab");
      expect(await visited.evaluate("document.activeElement.textContent")).toBe("Skip to the content");
      await visited.keyboard.press("Enter");
      expect(await visited.evaluate("document.activeElement.id")).toBe("content");
      await visited.keyboard.press("Tab");
      expect(await visited.evaluate("document.activeElement.getAttribute('role')")).toBe("region");
      const summary = visited.locator("#chart-throughput summary");
      await summary.focus();
      await visited.keyboard.press("Enter");
      expect(await visited.locator("#chart-throughput table tbody tr").first().isVisible()).toBe(true);
    });
  });

  it("fits a narrow screen and paper: nothing is wider than the page", async () => {
    await visit(page, "dark", async (visited) => {
      await visited.setViewportSize({ width: 360, height: 700 });
      expect(await visited.evaluate("document.documentElement.scrollWidth")).toBe(360);
      await visited.emulateMedia({ media: "print" });
      await visited.setViewportSize({ width: 720, height: 1_000 });
      const print = await visited.evaluate(`({
        background: getComputedStyle(document.body).backgroundColor,
        nav: getComputedStyle(document.querySelector("nav")).display,
        wide: [...document.querySelectorAll(".scroll")]
          .filter((one) => one.scrollWidth > one.clientWidth + 1)
          .map((one) => one.getAttribute("aria-label")),
      })`);
      expect(print).toEqual({ background: "rgb(255, 255, 255)", nav: "none", wide: [] });
      expect((await visited.pdf({ format: "A4" })).length).toBeGreaterThan(10_000);
    });
  });

  it("shows what somebody wrote into names, reasons and payloads, and does none of it", async () => {
    const path = runFolder.report(runDir);
    const original = readFileSync(path, "utf8");
    const report = JSON.parse(original) as Report;
    const hostile = {
      ...report,
      reasons: [HOSTILE],
      job: { ...report.job, topic: HOSTILE },
      samples: { ...report.samples, first: report.samples.first.map((sample) => ({ ...sample, payload: HOSTILE })) },
      taskManagers: report.taskManagers.map((tm) => ({ ...tm, id: `${tm.id}${HOSTILE}` })),
    };
    writeFileSync(path, JSON.stringify(hostile));
    try {
      const target = join(cli.cwd, "hostile.html");
      expect(await ask(["--html", target])).toMatchObject({ exitCode: 0 });
      await visit(target, "light", async (visited) => {
        expect(await visited.title()).toContain("flink-apphost run");
        expect(await visited.locator(".reasons li").textContent()).toBe(HOSTILE);
        expect(await visited.locator("script, img").count()).toBe(0);
      });
    } finally {
      writeFileSync(path, original);
    }
  });
});

describe("report --html", () => {
  it("tells this run's figures, and by what command it is had again", () => {
    const text = readFileSync(page, "utf8");
    for (const told of [
      "PASSED",
      "20,000",
      "taskmanager-03",
      "npx flink-apphost up --messages 20000 --rate 10000 --task-managers 3 --partitions 6 --infra embedded --once",
    ]) {
      expect(text).toContain(told);
    }
    expect(text.match(/<svg viewBox/g)?.length).toBeGreaterThanOrEqual(7);
    expect(text).not.toMatch(/undefined|NaN|\[object/);
  });

  it("prints the document where that is asked for, and says beside it where the page is", async () => {
    const { exitCode, stdout, stderr } = await ask(["--html", "page.html", "--format", "json"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: `the page is ${page}\n` });
    expect(JSON.parse(stdout)).toMatchObject({ schema: 1, verdict: "passed" });
  });

  it("makes one without events and metrics, and of lines that are none, and says so", async () => {
    const paths = [runFolder.events(runDir), runFolder.metrics(runDir)] as const;
    const originals = paths.map((path) => readFileSync(path));
    try {
      rmSync(paths[0]);
      writeFileSync(paths[1], 'not JSON\n{"an unfinished line');
      expect(await ask(["--html", "bare.html"])).toMatchObject({ exitCode: 0 });
      const bare = readFileSync(join(cli.cwd, "bare.html"), "utf8");
      expect(bare).toContain("events.ndjson was not read: it does not exist.");
      expect(bare).toContain("1 lines of events.ndjson and metrics.ndjson are no JSON objects");
      symlinkSync("/etc/passwd", paths[0]);
      expect(await ask(["--html", "bare.html"])).toMatchObject({ exitCode: 0 });
      expect(readFileSync(join(cli.cwd, "bare.html"), "utf8")).toContain("events.ndjson was not read: ");
      expect(readFileSync(join(cli.cwd, "bare.html"), "utf8")).not.toContain("root:");
    } finally {
      for (const path of paths) rmSync(path, { force: true });
      for (const [index, path] of paths.entries()) writeFileSync(path, originals[index] ?? "", { mode: 0o600 });
    }
  });

  it("replaces a file, and refuses what is none or is in no folder, by its path: 2", async () => {
    const folder = join(cli.cwd, "a folder");
    mkdirSync(folder);
    symlinkSync("page.html", join(cli.cwd, "link.html"));
    for (const [target, reason] of [
      ["a folder", "it is not a file"],
      ["/dev/null", "it is not a file"],
      ["link.html", "it is a symbolic link"],
      ["nowhere/page.html", "the system says ENOENT"],
    ] as const) {
      const { exitCode, stdout, stderr } = await ask(["--html", target]);
      expect({ target, exitCode, stdout }).toEqual({ target, exitCode: 2, stdout: "" });
      expect(stderr).toContain(`${target} is not written: ${reason}`);
    }
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });
});

describe("report --open", () => {
  it("makes it in the run's folder and gives it to $BROWSER", async () => {
    const opener = join(cli.cwd, "opener");
    const given = join(cli.cwd, "given");
    writeFileSync(opener, `#!/bin/sh\necho "$1" > "${given}"\n`);
    chmodSync(opener, 0o700);
    const path = runFolder.reportPage(runDir);
    const { exitCode, stdout, stderr } = await ask(["--open"], { BROWSER: `no-such-program:${opener}` });
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: `${path}\n`, stderr: `opened by ${opener}\n` });
    const url = await waitUntil(() => (existsSync(given) ? readFileSync(given, "utf8").trim() : undefined), {
      what: "what the opener was given",
      deadlineMs: 60_000,
    });
    expect(url).toBe(pathToFileURL(path).href);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("says the path, and what was tried, where nothing opens it", async () => {
    const { exitCode, stderr } = await ask(["--open"], { BROWSER: "false", PATH: "/nowhere" });
    expect(exitCode).toBe(0);
    expect(stderr).toBe(
      `open ${runFolder.reportPage(runDir)} in a browser: no program here does it (false is not on PATH, xdg-open is not on PATH)\n`,
    );
  });
});
