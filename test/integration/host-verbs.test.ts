/** The verbs that ask a running host, as a user types them: from a second process, in a folder below the project. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HostListing } from "../../apphost/cli/ps.ts";
import type { HostDescription, ResourceDescription } from "../../apphost/model/description.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { distPath } from "../support/dist.ts";
import { describeReal } from "../support/real-parts.ts";
import { type Cli, type CliResult, runCli, startCli, waitForWords } from "../support/run-cli.ts";

const SMALL = ["--infra", "embedded", "--task-managers", "2", "--partitions", "4", "--ui", "plain"];

let host: Cli;
/** Below the project: the host is found from there, too. */
let below = "";
const ask = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: below });

beforeAll(async () => {
  host = startCli(["up", "--messages", "500", ...SMALL]);
  await host.waitForEvent("phase", (event) => event.phase === "idle");
  below = join(host.cwd, "deep", "below");
  mkdirSync(below, { recursive: true });
});
afterAll(() => host.dispose());

async function expectAnswer(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await ask(...args);
  expect(exitCode, `${args.join(" ")}: ${stderr}`).toBe(0);
  return stdout;
}

async function expectRefusal(exitCode: number, ...args: string[]): Promise<string> {
  const result = await ask(...args);
  expect(result.exitCode, `${args.join(" ")}: ${result.stdout}${result.stderr}`).toBe(exitCode);
  expect(result.stdout).toBe("");
  return result.stderr;
}

describe("ps", () => {
  it("lists the host with its phase and servers, here and among all of this user", async () => {
    const runId = await host.runId();
    expect(await expectAnswer("ps")).toMatch(
      new RegExp(
        `^RUN .*\\n${runId} +${host.pid} +up +\\d\\d:\\d\\d +idle +` +
          "embedded 127.0.0.1:\\d+ +embedded 127.0.0.1:\\d+ +127.0.0.1:\\d+ +answers\\n$",
      ),
    );
    for (const scope of [[], ["--all"]]) {
      const address = expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string;
      const listings = JSON.parse(await expectAnswer("ps", "--format", "json", ...scope)) as HostListing[];
      expect(listings.find((listing) => listing.runId === runId)).toMatchObject({
        runDir: await host.runDir(),
        hostPid: host.pid,
        command: "up",
        phase: "idle",
        infrastructure: { kafka: "embedded", redis: "embedded" },
        isControlAlive: true,
        uptimeMs: expect.any(Number) as number,
        addresses: { kafka: address, redis: address, rest: address },
      });
    }
  });
});

describe("describe", () => {
  const read = async (...args: string[]) =>
    JSON.parse(await expectAnswer("describe", "--format", "json", ...args)) as HostDescription;

  it("prints one sorted document with every resource of the model", async () => {
    const { resources, capabilities, phase, hostPid } = await read();
    const names = resources.map(({ name }) => name);
    expect(names).toEqual([
      "flink-job-simulator",
      "jobmanager",
      "kafka",
      "producer",
      "redis",
      "report",
      "taskmanager-01",
      "taskmanager-02",
      "validator",
    ]);
    expect({ phase, hostPid }).toEqual({ phase: "idle", hostPid: host.pid });
    expect(capabilities).toEqual(expect.arrayContaining(["describe", "follow", "produce", "env", "down"]));
    const find = (name: string) => resources.find((resource) => resource.name === name) as ResourceDescription;
    expect(find("taskmanager-02")).toMatchObject({
      resourceType: "taskmanager",
      state: "running",
      healthStatus: "healthy",
      exitCode: null,
      properties: { group: "taskmanager", restarts: 0, failure: null, partitions: [1, 3] },
      healthReports: [
        { name: "ready", status: "healthy" },
        { name: "registered", status: "healthy" },
      ],
      relationships: [{ type: "waitFor", resourceName: "jobmanager", until: "ready" }],
    });
    expect(find("producer")).toMatchObject({ state: "finished", exitCode: 0 });
    const url = find("jobmanager").urls[0]?.url as string;
    expect((await fetch(`${url}/overview`)).status).toBe(200);
  });

  it("masks secrets unless it is told to show them", async () => {
    const { REDIS_PASSWORD } = JSON.parse(await expectAnswer("env", "--format", "json")) as Record<string, string>;
    expect(REDIS_PASSWORD?.length).toBeGreaterThan(10);
    const { token } = JSON.parse(readFileSync(runFolder.state(await host.runDir()), "utf8")) as { token: string };
    for (const secret of [REDIS_PASSWORD as string, token]) {
      expect(JSON.stringify(await read())).not.toContain(secret);
      expect(JSON.stringify(await read("--show-secrets"))).toContain(secret);
    }
  });

  it("prints a table for people", async () => {
    const table = await expectAnswer("describe");
    expect(table).toMatch(/^run [0-9a-f]{8}, idle, host pid \d+, in /);
    expect(table).toMatch(/\nNAME +STATE +HEALTH +PID +RESTARTS +URL +REASON\n/);
    expect(table).toMatch(/\nkafka +running +healthy +\d+ +0 +tcp:\/\/127\.0\.0\.1:\d+\n/);
  });
});

describe("env and Flink's own clients", () => {
  it("prints the header line by which a call that changes something is let in", async () => {
    const variables = JSON.parse(await expectAnswer("env", "--format", "json")) as Record<string, string>;
    const { JOBMANAGER_HTTP, FLINK_REST_CLIENT_HEADERS = "" } = variables;
    // As Flink's client reads it: lines, each split at its first colon.
    const [line = "", ...more] = FLINK_REST_CLIENT_HEADERS.split("\n");
    expect(more).toEqual([]);
    const colon = line.indexOf(":");
    const cancelUnknown = (headers: Record<string, string>) =>
      fetch(`${JOBMANAGER_HTTP}/jobs/${"f".repeat(32)}?mode=cancel`, { method: "PATCH", headers });
    expect((await cancelUnknown({})).status).toBe(401);
    expect((await cancelUnknown({ [line.slice(0, colon)]: line.slice(colon + 1) })).status).toBe(404);
  });
});

describeReal(["redis"], "env and redis-cli", () => {
  it("prints an address that redis-cli takes as it is", async () => {
    const { REDIS_URL } = JSON.parse(await expectAnswer("env", "--format", "json")) as Record<string, string>;
    const { stdout } = spawnSync("redis-cli", ["-u", REDIS_URL as string, "ping"], { encoding: "utf8" });
    expect(stdout.trim()).toBe("PONG");
  });
});

describe("wait", () => {
  it("ends with 0 when all are there, groups and tasks that are done among them", async () => {
    await expectAnswer("wait", "taskmanager", "kafka", "jobmanager");
    await expectAnswer("wait", "producer", "report", "--status", "finished");
  });

  it("ends with 17 after its time, naming each that is not there and its state", async () => {
    const stderr = await expectRefusal(
      17,
      "wait",
      "kafka",
      "producer",
      "redis",
      "--status",
      "finished",
      "--timeout",
      "300",
    );
    expect(stderr).toContain("not finished within 300 ms: kafka is running; redis is running");
    expect(stderr).not.toContain("producer");
  });

  it("refuses a name that nobody has: 2, with the names there are", async () => {
    expect(await expectRefusal(2, "wait", "taskmanager-3")).toMatch(/"taskmanager-3": it has taskmanager, flink-job/);
  });
});

describe("logs", () => {
  it("shows a resource's lines, bare; several with their names, in the order of time", async () => {
    expect(await expectAnswer("logs", "redis")).toMatch(/^host {2}started, pid \d+\ninfo {2}embedded Redis serves/);
    const lines = (await expectAnswer("logs", "taskmanager", "producer", "--timestamps")).trimEnd().split("\n");
    expect(new Set(lines.map((line) => line.slice(0, 14)))).toEqual(
      new Set(["taskmanager-01", "taskmanager-02", "producer      "]),
    );
    const times = lines.map((line) => /^\S+ +\| (\S+Z) /.exec(line)?.[1]);
    expect(times).toEqual([...times].sort());
    expect(times).not.toContain(undefined);
  });

  it("tells a TaskManager's story: its registration, its partitions, and a few of its checkpoints", async () => {
    const text = await expectAnswer("logs", "taskmanager-01");
    expect(text).toMatch(
      /registered with the JobManager.*assigned 2 partitions in life \S+: gains \d, \d; releases none/s,
    );
    const checkpoints = text.match(/acknowledged checkpoint \d+ with the offsets of \d partitions/g) ?? [];
    expect(checkpoints.length).toBeGreaterThan(0);
    expect(checkpoints.length).toBeLessThan(4);
  });

  it("shows the last lines of each, those that match", async () => {
    const lines = (await expectAnswer("logs", "--tail", "1", "--search", "STARTED, pid")).trimEnd().split("\n");
    expect(lines.filter((line) => /host {2}started, pid \d+$/.test(line))).toHaveLength(lines.length);
    expect(lines).toHaveLength(9);
  });

  it("shows what is not older than a time or a duration", async () => {
    const lines = (await expectAnswer("logs", "--timestamps")).trimEnd().split("\n");
    const times = lines.map((line) => /\| (\S+Z) /.exec(line)?.[1]).filter((time) => time !== undefined);
    const middle = times[Math.floor(times.length / 2)] as string;
    const later = (await expectAnswer("logs", "--timestamps", "--since", middle)).trimEnd().split("\n");
    expect(later).toEqual(lines.filter((line) => (/\| (\S+Z) /.exec(line)?.[1] ?? middle) >= middle));
    expect(later.length).toBeLessThan(lines.length);
    expect(await expectAnswer("logs", "--since", "1h")).toBe(await expectAnswer("logs"));
    expect(await expectAnswer("logs", "jobmanager", "--since", "0s")).toBe("");
    expect(await expectRefusal(2, "logs", "--since", "yesterday")).toMatch(
      /--since is "yesterday": expected a duration back/,
    );
  });

  it("has a colour a name where it is wished, and none in a pipe or with NO_COLOR", async () => {
    const ask = (env: Record<string, string>, ...names: string[]) => runCli(["logs", ...names], { cwd: below, env });
    const painted = (await ask({ FORCE_COLOR: "1" }, "kafka", "jobmanager")).stdout;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are made of control characters.
    expect(painted).toMatch(/^\u001b\[\d+m(kafka {6}|jobmanager) \|\u001b\[39m /m);
    for (const env of [{}, { NO_COLOR: "1" }]) expect((await ask(env)).stdout).not.toContain("\u001b[");
    expect((await ask({ FORCE_COLOR: "1" }, "jobmanager")).stdout).not.toContain("\u001b[");
  });

  it("refuses a name without a log: 2, with those there are", async () => {
    expect(await expectRefusal(2, "logs", "zookeeper")).toMatch(/"zookeeper": it has flink-job-simulator, jobmanager,/);
  });

  it("-f goes on with new lines, and ends with 130 on Ctrl+C", async () => {
    const following = startCli(["logs", "-f", "producer", "--tail", "0"], { cwd: below });
    try {
      await waitUntil(
        async () => {
          // It says nothing of when it begins to follow: what was written before that is not its to show.
          await expectAnswer("produce", "--messages", "100");
          return /round [2-9]: 100 messages/.test(following.output().stdout) || undefined;
        },
        { what: "a new line of the producer", deadlineMs: 60_000 },
      );
      expect(following.output().stdout).not.toContain("round 1:");
      following.process.kill("SIGINT");
      expect((await following.end()).exitCode).toBe(130);
    } finally {
      await following.dispose();
    }
  });

  it("ends quietly when its reader has enough", () => {
    const script = `"${process.execPath}" "${distPath("apphost/main")}" logs | head -1`;
    const { status, stdout, stderr } = spawnSync("sh", ["-c", script], { cwd: below, encoding: "utf8" });
    expect({ status, lines: stdout.split("\n").length, stderr }).toEqual({ status: 0, lines: 2, stderr: "" });
  });
});

describe("an answer that cannot be given", () => {
  const runInShell = (script: string, cwd = below) => {
    const program = `"${process.execPath}" "${distPath("apphost/main")}"`;
    return spawnSync("sh", ["-c", script.replace("flink-apphost", program)], { cwd, encoding: "utf8" });
  };

  // Where the system has no such device, nothing else fails on demand.
  it
    .skipIf(!existsSync("/dev/full"))
    .each([
      "ps",
      "ps --format json",
      "env",
      "describe",
      "logs",
      "report",
      "completion bash",
      "complete-words -- u",
      "--help",
      "--version",
      "help up",
      "up --help",
    ])("because the disk is full does not pass for one: %s", (verb) => {
    const { status, stderr } = runInShell(`flink-apphost ${verb} > /dev/full`);
    expect({ status, stderr }).toEqual({
      status: 3,
      stderr:
        "flink-apphost: standard output cannot be written, and what it holds is not the whole answer: ENOSPC: no space left on device, write\n",
    });
  });

  it.each(["ps", "down", "doctor", "up --once"])("because the current folder was removed says so: %s", (verb) => {
    const { status, stderr } = runInShell(`mkdir gone && cd gone && rmdir ../gone && flink-apphost ${verb}`);
    expect(status).toBe(2);
    expect(stderr).toContain("flink-apphost: the current folder was removed or moved: change to one that is there");
  });

  it("because there is no host is said by `down`, too, which is no failure", async () => {
    const { exitCode, stderr } = await runCli(["down"]);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^no host runs in \S+\.flink-apphost$/m);
  });
});

describe("report", () => {
  it("prints the text or the document, and ends with the run's exit code", async () => {
    expect(await expectAnswer("report")).toMatch(/Verdict: PASSED \(exit code 0\)/);
    const report = JSON.parse(await expectAnswer("report", "--format", "json", "--run", await host.runId()));
    expect(report).toMatchObject({ schema: 1, runId: await host.runId(), verdict: "passed", exitCode: 0 });
  });
});

describe("a second host in the folder", () => {
  it("is refused with the run that is there and what to do: 2", async () => {
    const { exitCode, stderr } = await runCli(["up", ...SMALL], { cwd: host.cwd });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(new RegExp(`run ${await host.runId()} \\(pid ${host.pid}\\).*down.*--isolated`));
  });

  it("runs beside it with --isolated; verbs then want to know which, and down --all ends both", async () => {
    const runId = await host.runId();
    const other = startCli(["up", "--isolated", "--messages", "0", ...SMALL], { cwd: host.cwd });
    try {
      await waitUntil(async () => ((await host.runId()) === runId ? undefined : true), {
        what: "the second run",
        deadlineMs: 20_000,
      });
      const otherId = await other.runId();
      await expectAnswer("wait", "flink-job-simulator", "--run", otherId);
      for (const verb of ["describe", "env", "down", "logs"]) {
        const stderr = await expectRefusal(2, verb);
        expect(stderr).toContain(`run ${runId}: up, pid ${host.pid}`);
        expect(stderr).toContain(`run ${otherId}: up, pid ${other.pid}`);
      }
      expect(await expectAnswer("describe", "--run", runId)).toContain(`run ${runId}, idle`);
      await endAll([host, other]);
    } finally {
      await other.dispose();
    }
  });

  /** With those that watch: each ends as its verb says. */
  async function endAll(hosts: readonly Cli[]): Promise<void> {
    const runId = (await hosts[0]?.runDir())?.replace(/^.*-/, "") as string;
    const start = (...args: string[]) => startCli([...args, "--run", runId], { cwd: below });
    const watchers = [
      start("describe", "--follow", "--format", "json"),
      start("logs", "-f"),
      start("wait", "kafka", "--status", "finished"),
    ] as const;
    await Promise.all(watchers.slice(0, 2).map((watcher) => waitForWords(watcher, "stdout", /./)));
    await waitForWords(watchers[2], "stderr", /waiting for kafka to be finished/);
    const stopped = await expectAnswer("down", "--all");
    expect(stopped.match(/^stopped run/gm)).toHaveLength(2);
    for (const { process } of hosts) expect(process.exitCode).toBe(0);
    const [followed, logged, waited] = await Promise.all(watchers.map((watcher) => watcher.end()));
    expect(followed?.exitCode, followed?.stderr).toBe(0);
    const items = followed?.stdout.trimEnd().split("\n") ?? [];
    const last = items.map((line) => JSON.parse(line) as ResourceDescription).findLast(({ name }) => name === "kafka");
    expect(last).toMatchObject({ state: "exited", properties: { pid: null, reason: "stopped" } });
    expect(logged?.exitCode, logged?.stderr).toBe(0);
    expect(waited?.exitCode, waited?.stderr).toBe(18);
    expect(waited?.stderr).toMatch(/the host of run [0-9a-f]{8} ended: kafka is exited \(stopped\)/);
    expect(await ask("ps")).toMatchObject({ exitCode: 0, stdout: "" });
    expect(await expectRefusal(7, "describe")).toContain("no running host found");
    expect(await expectRefusal(7, "wait", "kafka", "--run", runId)).toContain(`run ${runId}`);
    // What a run wrote can be read after its end.
    expect(await expectAnswer("logs", "kafka", "--run", runId)).toContain("host  started, pid");
  }
});
