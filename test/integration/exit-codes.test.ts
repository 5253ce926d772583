/** Exit 0 means a pass, and nothing else; one verdict has one exit code; and a job that somebody cancels is cancelled. */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadAppHostFile } from "../../apphost/cli/apphost-file.ts";
import type { HostDescription } from "../../apphost/model/description.ts";
import { ENV } from "../../simulator/common/contract/child/environment.ts";
import type { Report } from "../../simulator/common/contract/files/report.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { distPath } from "../support/dist.ts";
import { type Cli, findRunDir, runCli, startCli } from "../support/run-cli.ts";
import { expectExit, readVerdict } from "../support/system.ts";
import { createUserProject, type UserProject } from "../support/user-project.ts";

const NOBODY = 65_534;
const SMALL = ["--infra", "embedded", "--task-managers", "2", "--partitions", "2", "--ui", "json"];

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flink-apphost-codes-"));
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true, force: true });
});

describe("an app host file", () => {
  const DECLARES = `import { defineAppHost } from "flink-apphost";\nexport default defineAppHost(() => undefined);\n`;
  let project: UserProject | undefined;
  afterEach(() => project?.remove());

  it.each([
    ["exits with code 0", `${DECLARES} process.exit(0);`],
    ["exits below Node's own hands", `${DECLARES} process.reallyExit(0);`],
    [
      "exits in the function",
      'import { defineAppHost } from "flink-apphost";\nexport default defineAppHost(() => process.exit(0));',
    ],
    ["sets an exit code and waits for nothing", "process.exitCode = 0;\nawait new Promise(() => undefined);"],
  ])("that %s is refused by its name: 2, and nothing was started", async (_, text) => {
    project = createUserProject({ "apphost.ts": text });
    for (const verb of ["up", "stress"]) {
      const { exitCode, stdout, stderr } = await runCli([verb, "--apphost", "apphost.ts"], { cwd: project.folder });
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
      expect(stderr).toMatch(
        /apphost\.ts cannot be used as an app host: it ended before it had declared anything \(exit /,
      );
      expect(findRunDir(project.folder)).toBeUndefined();
    }
  });

  it.each([
    ["loops", "for (;;) {}"],
    [
      "loops in the function",
      'import { defineAppHost } from "flink-apphost";\nexport default defineAppHost(() => { for (;;); });',
    ],
    ["waits for ever", "setInterval(() => undefined, 1_000);\nawait new Promise(() => undefined);"],
  ])("that %s is refused after its deadline", async (_, text) => {
    project = createUserProject({ "apphost.ts": text });
    await expect(loadAppHostFile(join(project.folder, "apphost.ts"), 1_500)).rejects.toThrow(
      /apphost\.ts cannot be used as an app host: it had declared nothing after 1500 ms: it loops, or waits for what/,
    );
  });

  it("that fails behind its declaration's back, prints, or declares what is no data is told of", async () => {
    project = createUserProject({
      "apphost.ts":
        "setTimeout(() => { throw new Error('too late'); });\nawait new Promise(() => setInterval(() => 0, 9));",
      "prints.ts": `console.log("a word of the user's");\nexport default 5;`,
    });
    await expect(loadAppHostFile(join(project.folder, "apphost.ts"))).rejects.toThrow(/it threw while .*: too late/);
    const { exitCode, stdout, stderr } = await runCli(["up", "--apphost", "prints.ts"], { cwd: project.folder });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain("a word of the user's");
  });
});

describe("a report that was changed", () => {
  let cli: Cli;
  let report: Report;
  beforeEach(async () => {
    cli = startCli(["up", "--once", "--messages", "10", ...SMALL]);
    report = await expectExit(cli, await cli.end(), 0);
  });
  afterEach(() => cli.dispose());

  it("is refused by its path, and no older word passes for it", async () => {
    const path = runFolder.report(await cli.runDir());
    const ask = (...args: string[]) => runCli(["report", ...args], { cwd: cli.cwd });
    expect((await ask()).exitCode).toBe(0);
    for (const [text, reason] of [
      ["{}", "schema is missing"],
      ["", "it is not JSON"],
      ["null", "it is null, expected an object"],
      [JSON.stringify({ ...report, exitCode: 4 }), 'exitCode is 4, expected the code of the verdict "passed"'],
      [JSON.stringify({ ...report, verdict: "failed" }), 'exitCode is 0, expected the code of the verdict "failed"'],
      [JSON.stringify({ ...report, exitCode: undefined }), "exitCode is missing"],
      [JSON.stringify({ ...report, runId: "11111111" }), "it is of run 11111111"],
    ] as const) {
      writeFileSync(path, text);
      for (const format of ["text", "json"]) {
        const { exitCode, stdout, stderr } = await ask("--format", format);
        expect({ exitCode, stdout }, text).toEqual({ exitCode: 1, stdout: "" });
        expect(stderr).toContain(`${path} cannot be used: ${reason}`);
      }
    }
    writeFileSync(path, JSON.stringify({ ...report, verdict: "failed", exitCode: 4 }));
    const { exitCode, stdout, stderr } = await ask();
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toMatch(/report\.txt cannot be used: it does not say what report\.json says: Verdict: FAILED/);
  });

  it("that is not there is called missing, of the run that was named or of all", async () => {
    rmSync(runFolder.report(await cli.runDir()));
    const ask = (...args: string[]) => runCli(["report", ...args], { cwd: cli.cwd });
    expect(await ask()).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("no report of any run in ") });
    const named = await ask("--run", await cli.runId());
    expect(named).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(`no report of run ${report.runId} in `),
    });
  });
});

it("a current folder that cannot be written costs the copy of the text, and not the pass", async ({ skip }) => {
  // Root may write everywhere, so then another user runs it.
  const isRoot = process.getuid?.() === 0;
  const runDir = join(folder, "runs-of-mine");
  if (isRoot) {
    const home = mkdtempSync(join(folder, "home-"));
    chownSync(home, NOBODY, NOBODY);
    chmodSync(folder, 0o755);
    const args = ["up", "--once", "--messages", "10", ...SMALL, "--run-dir", join(home, "runs-of-mine")];
    await expectPassInClosedFolder(args, join(home, "runs-of-mine"), NOBODY);
  } else {
    skip(process.getuid === undefined, "there are no users here");
    const closed = mkdtempSync(join(folder, "closed-"));
    chmodSync(closed, 0o555);
    await expectPassInClosedFolder(
      ["up", "--once", "--messages", "10", ...SMALL, "--run-dir", runDir],
      runDir,
      null,
      closed,
    );
  }
});

async function expectPassInClosedFolder(
  args: string[],
  runDir: string,
  uid: number | null,
  cwd = folder,
): Promise<void> {
  const options = uid === null ? {} : { uid };
  const result = await runCli(args, { cwd, env: { HOME: folder, XDG_RUNTIME_DIR: "" }, ...options });
  expect(result.exitCode, result.stdout.slice(-2_000) + result.stderr).toBe(0);
  expect(readVerdict(result)).toMatchObject({ verdict: "passed", exitCode: 0 });
  expect(result.stdout).toMatch(/"level":"warn","resource":"report","text":"the report's text could not be copied to/);
  const [run = ""] = readdirSync(join(runDir, "runs"));
  expect(JSON.parse(readFileSync(runFolder.report(join(runDir, "runs", run)), "utf8"))).toMatchObject({ exitCode: 0 });
}

describe("a job that somebody cancels by REST", () => {
  let cli: Cli;
  afterEach(() => cli.dispose());

  async function cancel(): Promise<void> {
    const described = await runCli(["describe", "--show-secrets", "--format", "json"], { cwd: cli.cwd });
    const { job, resources } = JSON.parse(described.stdout) as HostDescription;
    const jobManager = resources.find(({ name }) => name === "jobmanager");
    const answer = await fetch(`${jobManager?.urls[0]?.url}/jobs/${job.id}`, {
      method: "PATCH",
      headers: { authorization: `Bearer ${jobManager?.environment[ENV.token]}` },
    });
    expect(answer.status).toBe(202);
  }

  it.each([
    ["the first", []],
    ["a later", ["--messages", "1000"]],
  ])("in %s round is cancelled: 6, with what was applied by then, and no violation", async (which, first) => {
    const rate = ["--rate", "2000"];
    const isFirst = which === "the first";
    cli = startCli(["up", ...SMALL, ...rate, ...(isFirst ? ["--messages", "200000"] : first)]);
    await cli.waitForEvent(isFirst ? "progress" : "phase", (event) =>
      event.type === "phase" ? event.phase === "idle" : event.type === "progress" && event.processed > 500,
    );
    const asked = isFirst ? null : startCli(["produce", "--messages", "200000"], { cwd: cli.cwd });
    if (!isFirst) await cli.waitForEvent("progress", ({ round, processed }) => round === 2 && processed > 1_500);
    await cancel();
    const result = await cli.end();
    const report = await expectExit(cli, result, 6);
    expect(report.verdict).toBe("interrupted");
    expect(report.reasons[0]).toMatch(
      /^the job was cancelled from outside: [\d,]+ of 20[01],000 messages were processed$/,
    );
    expect(report.checks.filter(({ status }) => status === "failed")).toEqual([]);
    expect(report.messages).toMatchObject({ lost: 0, duplicated: 0 });
    if (asked === null) return;
    expect((await asked.end()).exitCode).toBe(6);
    await asked.dispose();
  });

  it("between rounds leaves the verdict as it is, and a later produce is refused with the reason", async () => {
    cli = startCli(["up", ...SMALL, "--messages", "1000"]);
    await cli.waitForEvent("phase", ({ phase }) => phase === "idle");
    await cancel();
    await cli.waitForEvent("notice", ({ text }) => text === "the job is cancelled from outside");
    const { exitCode, stderr } = await runCli(["produce", "--messages", "10"], { cwd: cli.cwd });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /refused produce: its job was cancelled from outside; end it with down, and start a new one/,
    );
    expect((await runCli(["down"], { cwd: cli.cwd })).exitCode).toBe(0);
    expect((await cli.end()).exitCode).toBe(0);
    expect(await cli.report()).toMatchObject({ verdict: "passed", exitCode: 0 });
  });

  it("before anything was produced is cancelled: 6", async () => {
    cli = startCli(["up", ...SMALL, "--messages", "0"]);
    await cli.waitForEvent("phase", ({ phase }) => phase === "idle");
    await cancel();
    await cli.waitForEvent("notice", ({ text }) => text === "the job is cancelled from outside");
    expect((await runCli(["down"], { cwd: cli.cwd })).exitCode).toBe(0);
    const result = await cli.end();
    expect(result.exitCode).toBe(6);
    expect(readVerdict(result)).toMatchObject({
      verdict: "interrupted",
      reasons: ["the job was cancelled from outside"],
    });
  });
});

/** O1 of `dashboard/output.ts`. Where the system has no such device, no disk is full on demand. */
describe.skipIf(!existsSync("/dev/full"))("a run whose output is lost goes on to its verdict", () => {
  const runInShell = (output: string, variables = "") => {
    const args = [...SMALL.slice(0, -2), "--once", "--messages", "1000"].join(" ");
    const script = `{ ${variables} "${process.execPath}" "${distPath("apphost/main")}" up ${args} ${output}`;
    const { stderr } = spawnSync("sh", ["-c", script], { cwd: folder, encoding: "utf8" });
    const report = JSON.parse(readFileSync(runFolder.report(findRunDir(folder) as string), "utf8")) as Report;
    return { stderr, verdict: report.verdict };
  };

  it("on a full disk, says so at once, and ends with 3, since a pass would look as if it had been told", () => {
    const { stderr, verdict } = runInShell("--ui plain; echo ended-$? >&2; } > /dev/full");
    expect(verdict).toBe("passed");
    expect(stderr).toMatch(/^flink-apphost: standard output is lost \(ENOSPC: .*\); the run goes on, and its events/m);
    expect(stderr).toMatch(/^flink-apphost: standard output cannot be written, .*: ENOSPC.*\nended-3\n$/m);
  });

  it("in a pipe whose reader has enough, says so, and ends with the verdict's code", () => {
    const { stderr, verdict } = runInShell("--ui json; echo ended-$? >&2; } | head -1 > first.txt");
    expect(verdict).toBe("passed");
    expect(stderr).toMatch(/^flink-apphost: nobody reads standard output any more; the run goes on, .*\nended-0\n$/m);
  });

  it("on standard error, where there is nobody left to tell, and ends with the verdict's code", () => {
    // A variable that no option has is told of on standard error.
    const { stderr, verdict } = runInShell(
      '--ui plain 2> /dev/full; echo "ended-$?" >&2; } > first.txt',
      "FLINK_APPHOST_MESAGES=5",
    );
    expect({ stderr, verdict }).toEqual({ stderr: "ended-0\n", verdict: "passed" });
  });
});
