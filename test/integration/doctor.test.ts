/** `doctor` as a user runs it: what it finds on this machine, and on machines that lack something. */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Check } from "../../apphost/doctor/check.ts";
import type { Examination } from "../../apphost/doctor/examination.ts";
import { createLabels, LABEL } from "../../apphost/drivers/docker/labels.ts";
import { CONTAINER_IMAGES } from "../../apphost/options.ts";
import { FIXED_PORTS } from "../../apphost/processes/ports.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { distPath } from "../support/dist.ts";
import { listOfRun, realEngine } from "../support/real-docker.ts";
import { describeReal } from "../support/real-parts.ts";
import { type CliOptions, runCli, startCli } from "../support/run-cli.ts";
import { canListProcesses, listRunProcesses } from "../support/run-processes.ts";

/** Whatever engine this machine has: the tests that are not about one see none. */
const NO_ENGINE = { DOCKER_HOST: "unix:///no-such-folder/docker.sock" };
/** Sockets of other runs on this machine are no business of these tests. */
const sockets = mkdtempSync(join(tmpdir(), "doctor-sockets-"));
afterAll(() => rmSync(sockets, { recursive: true }));

interface Answer {
  readonly exitCode: number | null;
  readonly examination: Examination;
  check(id: string): Check;
}

async function runDoctor(args: readonly string[], options: CliOptions = {}): Promise<Answer> {
  const env = { ...NO_ENGINE, XDG_RUNTIME_DIR: sockets, ...options.env };
  const { exitCode, stdout, stderr } = await runCli(["doctor", "--format", "json", ...args], { ...options, env });
  return readAnswer(exitCode, stdout, stderr);
}

function readAnswer(exitCode: number | null, stdout: string, stderr: string): Answer {
  expect(stderr).toBe("");
  // One document, and nothing beside it.
  const examination = JSON.parse(stdout) as Examination;
  expect(examination.exitCode).toBe(exitCode);
  return {
    exitCode,
    examination,
    check(id) {
      const found = examination.checks.find((check) => check.id === id);
      if (found === undefined) throw new Error(`there is no check ${id}: ${stdout}`);
      return found;
    },
  };
}

describe("on this machine", () => {
  it("examines everything in a moment, writes nothing, and says what auto would choose", async () => {
    const folder = mkdtempSync(join(tmpdir(), "doctor-"));
    try {
      const startedMs = performance.now();
      const { exitCode, examination } = await runDoctor([], { cwd: folder });
      // Under a second on an idle machine; the rest is a busy one's.
      expect(performance.now() - startedMs).toBeLessThan(30_000);
      expect(exitCode, JSON.stringify(examination, null, 1)).toBe(0);
      expect(readdirSync(folder)).toEqual([]);
      const ids = examination.checks.map(({ id }) => id);
      for (const id of [
        "node",
        "cpu",
        "memory",
        "disk",
        "open-files",
        "engine",
        "java",
        "redis-server",
        "kafka-home",
      ]) {
        expect(ids).toContain(id);
      }
      for (const id of ["run-folder", "control-socket", "loopback", "fixed-ports", "variables", "proxy", "terminal"]) {
        expect(ids).toContain(id);
      }
      expect(new Set(ids).size).toBe(ids.length);
      for (const { result, found, reason, fix, neededFor } of examination.checks) {
        expect(found).not.toBe("");
        expect(neededFor).not.toBe("");
        // Whoever is told that something is wrong is told why, and what to do.
        if (result === "failed") expect([reason, fix].every((text) => text !== "")).toBe(true);
      }
      expect(examination.auto.kafka.mode).toMatch(/^(native|embedded)$/);
      expect(examination.auto.redis.reason).toContain("no container engine");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("prints a table that ends with what auto would choose, without colour where no terminal is", async () => {
    const env = { ...NO_ENGINE, XDG_RUNTIME_DIR: sockets };
    const { exitCode, stdout } = await runCli(["doctor"], { env });
    expect(exitCode, stdout).toBe(0);
    expect(stdout).not.toContain("\u001b");
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^ok {7}Node {12}\d+\./);
    expect(lines.slice(lines.indexOf("") + 1).join(" ")).toMatch(
      /^\d+ ok, \d+ warnings?, 0 failed auto would choose \w+ for Kafka \(.*\) and \w+ for Redis \(.*\)$/,
    );
  });

  it.each([
    [["--task-managers", "many"], /--task-managers is "many": expected a whole number/],
    [["--format", "xml"], /--format is "xml"/],
    [["--kafka", "broker.example:9092"], /add --allow-remote/],
  ])("%j: exit 2", async (args, words) => {
    const { exitCode, stderr, stdout } = await runCli(["doctor", ...args]);
    expect(exitCode, stderr).toBe(2);
    expect(stderr).toMatch(words);
    expect(stdout).toBe("");
  });
});

describe("a machine that lacks what was asked for", () => {
  it("a PATH without redis-server and Java: exit 3 with native, a warning with auto", async () => {
    const env = { PATH: sockets, JAVA_HOME: "" };
    const native = await runDoctor(["--infra", "native"], { env });
    expect(native.exitCode).toBe(3);
    expect(native.check("redis-server")).toMatchObject({ result: "failed", found: "there is no redis-server on PATH" });
    expect(native.check("java")).toMatchObject({ result: "failed" });
    const auto = await runDoctor([], { env });
    expect(auto.exitCode).toBe(0);
    expect(auto.check("redis-server")).toMatchObject({ result: "warning" });
    expect(auto.examination.auto.redis).toEqual({
      mode: "embedded",
      reason: "no container engine; there is no redis-server on PATH",
    });
    const embedded = await runDoctor(["--infra", "embedded"], { env });
    expect(embedded.check("redis-server")).toMatchObject({ result: "ok" });
  });

  it("KAFKA_HOME without jars: exit 3 with native, named with its folder", async () => {
    const home = mkdtempSync(join(tmpdir(), "doctor-home-"));
    mkdirSync(join(home, "libs"));
    try {
      const { exitCode, check } = await runDoctor(["--infra", "native"], { env: { KAFKA_HOME: home } });
      expect(exitCode).toBe(3);
      expect(check("kafka-home")).toMatchObject({
        result: "failed",
        reason: expect.stringContaining(`${join(home, "libs")} has no Kafka jar`),
      });
    } finally {
      rmSync(home, { recursive: true });
    }
  });

  it("nobody at the addresses that were given: exit 3 with both causes, and no password", async () => {
    const args = ["--kafka", "127.0.0.1:1", "--redis", "redis://:secret@127.0.0.1:1"];
    const { exitCode, check, examination } = await runDoctor(args);
    expect(exitCode).toBe(3);
    expect(check("kafka-address")).toMatchObject({ result: "failed", reason: expect.stringContaining("ECONNREFUSED") });
    expect(check("redis-address")).toMatchObject({ result: "failed", reason: expect.stringContaining("ECONNREFUSED") });
    expect(JSON.stringify(examination)).not.toContain("secret");
  });

  it("no engine: exit 3 with docker, saying where it looked", async () => {
    const { exitCode, check } = await runDoctor(["--infra", "docker"]);
    expect(exitCode).toBe(3);
    expect(check("engine")).toMatchObject({ result: "failed", reason: expect.stringContaining("no-such-folder") });
  });

  it("a socket without permission: the user, the group and the mode of it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "doctor-socket-"));
    const socket = join(folder, "docker.sock");
    const cwd = join(folder, "project");
    const engine = createServer();
    try {
      await listen(engine, socket);
      chmodSync(socket, 0o000);
      chmodSync(folder, 0o755);
      mkdirSync(cwd);
      // Root may open every socket, so then another user asks.
      const uid = process.getuid?.() === 0 ? 65_534 : undefined;
      if (uid !== undefined) chownSync(cwd, uid, uid);
      const env = { DOCKER_HOST: `unix://${socket}`, XDG_RUNTIME_DIR: cwd };
      const { exitCode, check } = await runDoctor(["--infra", "docker"], {
        cwd,
        env,
        ...(uid === undefined ? {} : { uid }),
      });
      expect(exitCode).toBe(3);
      expect(check("engine").result).toBe("failed");
      expect(check("engine").reason).toMatch(/permission denied: the socket belongs to user \d+ and group \S+, mode 0/);
    } finally {
      engine.close();
      rmSync(folder, { recursive: true });
    }
  });

  it("a fixed port that is held: exit 3 names its holder", async () => {
    const holder = createServer();
    const port = await holdOne(holder, Object.values(FIXED_PORTS));
    try {
      const asked = await runDoctor(["--fixed-ports"]);
      expect(asked.exitCode).toBe(3);
      const { result, found } = asked.check("fixed-ports");
      expect(result).toBe("failed");
      // When others hold all of them, theirs are named.
      if (process.platform === "linux" && port !== null) expect(found).toContain(`(pid ${process.pid})`);
      expect((await runDoctor([])).check("fixed-ports").result).toBe("ok");
    } finally {
      holder.close();
    }
  });

  it("a run folder that is a file, and a variable that cannot be read: exit 1, and the rest is still examined", async () => {
    const file = distPath("apphost/main");
    const { exitCode, check } = await runDoctor(["--run-dir", join(file, "runs")], {
      env: { FLINK_APPHOST_MESSAGES: "all" },
    });
    expect(exitCode).toBe(1);
    expect(check("run-folder")).toMatchObject({ result: "failed" });
    expect(check("variables").reason).toContain('FLINK_APPHOST_MESSAGES is "all"');
    expect(check("node").result).toBe("ok");
  });

  it("a limit of open files that 20 TaskManagers exceed: exit 1 with both numbers", () => {
    const args = ["-c", `ulimit -n 100; exec "$0" "$@"`, process.execPath, distPath("apphost/main"), "doctor"];
    const env = { PATH: process.env["PATH"] ?? "", ...NO_ENGINE, XDG_RUNTIME_DIR: sockets };
    const { status, stdout, stderr } = spawnSync("/bin/sh", args, { encoding: "utf8", env, cwd: sockets });
    expect(status, stdout + stderr).toBe(1);
    expect(stdout).toMatch(/failed +Open files +100 a process\n +at least 150 are needed for 20 TaskManagers/);
  });
});

describeReal(["docker"], "a machine with a container engine", () => {
  const { DOCKER_HOST = "" } = process.env;
  const engine = { env: { DOCKER_HOST } };

  it("has the images, and auto would choose containers", async () => {
    const { exitCode, check, examination } = await runDoctor(["--infra", "docker"], engine);
    expect(exitCode, JSON.stringify(examination)).toBe(0);
    expect(check("engine")).toMatchObject({ result: "ok", found: expect.stringContaining("API 1.") });
    expect(check("kafka-image").result).toBe("ok");
    expect(examination.auto).toMatchObject({ kafka: { mode: "docker" }, redis: { mode: "docker" } });
  });

  it("and not the image that was asked for: a warning with the command that pulls it, and nothing is pulled", async () => {
    const image = "127.0.0.1:1/flink-apphost/none:1";
    const { exitCode, check, examination } = await runDoctor(["--redis-image", image], engine);
    expect(exitCode, JSON.stringify(examination)).toBe(0);
    expect(check("redis-image")).toMatchObject({ result: "warning", fix: `docker pull ${image}` });
    expect(examination.auto.redis.reason).toContain(`${image} would be pulled`);
  });

  it("names the container of a dead host, and leaves it", async () => {
    const { docker } = realEngine();
    const runId = randomBytes(4).toString("hex");
    const name = `flink-apphost-${runId}-redis`;
    // This process is alive, but did not start at that time: the pid was given to somebody else.
    const labels = { ...createLabels({ base: sockets, runId, resource: "redis" }), [LABEL.ownerStarted]: "1" };
    const container = await docker.createContainer({ name, Image: CONTAINER_IMAGES.redis, Labels: labels });
    try {
      const { check } = await runDoctor([], engine);
      expect(check("leftovers")).toMatchObject({ result: "warning", fix: "npx flink-apphost down" });
      expect(check("leftovers").reason).toContain(`container ${name}`);
      expect(await listOfRun(runId)).toContain(`container ${name}`);
    } finally {
      await container.remove({ force: true, v: true });
    }
  });
});

describe("a host and a watchdog that were killed", () => {
  it("leave what doctor names, down removes, and doctor no longer finds", async ({ skip }) => {
    skip(!canListProcesses, "processes are found by /proc");
    const env = { ...NO_ENGINE, XDG_RUNTIME_DIR: sockets };
    const args = ["up", "--infra", "embedded", "--messages", "0", "--task-managers", "2", "--partitions", "2"];
    const cli = startCli([...args, "--ui", "json"], { env });
    try {
      await cli.waitForEvent("phase", ({ phase }) => phase === "idle");
      expect((await runDoctor([], { cwd: cli.cwd })).check("leftovers").result).toBe("ok");
      const runId = await cli.runId();
      const taskManager = listRunProcesses(runId).find(({ resource }) => resource === "taskmanager-01");
      const stopped = taskManager?.pid ?? 0;
      // A stopped child does not notice that its host is gone, and a stopped host cannot start another watchdog.
      process.kill(stopped, "SIGSTOP");
      process.kill(cli.pid, "SIGSTOP");
      const watchdog = findChild(cli.pid, "watchdog/main");
      process.kill(watchdog, "SIGKILL");
      process.kill(cli.pid, "SIGKILL");
      await cli.end();
      await waitUntil(() => (listRunProcesses(runId).length === 1 ? true : undefined), {
        what: "the end of all children but the stopped one",
        deadlineMs: 20_000,
      });

      const { check, exitCode } = await runDoctor([], { cwd: cli.cwd });
      const left = check("leftovers");
      expect(exitCode).toBe(0);
      expect(left).toMatchObject({ result: "warning", found: "1 of dead hosts", fix: "npx flink-apphost down" });
      expect(left.reason).toContain(`run ${runId}: processes ${stopped}, ${sockets}`);
      expect(existsSync(`/proc/${stopped}`)).toBe(true);

      expect((await runCli(["down"], { cwd: cli.cwd, env })).exitCode).toBe(0);
      expect((await runDoctor([], { cwd: cli.cwd })).check("leftovers").result).toBe("ok");
    } finally {
      await cli.dispose();
    }
  });
});

function findChild(parent: number, command: string): number {
  const { stdout } = spawnSync("ps", ["-o", "pid=,args=", "--ppid", String(parent)], { encoding: "utf8" });
  const line = stdout.split("\n").find((text) => text.includes(command));
  if (line === undefined) throw new Error(`no child ${command} of ${parent}: ${stdout}`);
  return Number.parseInt(line, 10);
}

function listen(server: Server, where: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, resolve);
  });
}

/** Listens on the first of these ports that is free; null when all are taken. */
async function holdOne(server: Server, ports: readonly number[]): Promise<number | null> {
  for (const port of ports) {
    const isHeld = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => resolve(true));
    });
    if (isHeld) return port;
  }
  return null;
}
