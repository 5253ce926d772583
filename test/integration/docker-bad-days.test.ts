/** What can go wrong with containers: each time a clear reason, the right exit code, and nothing left in the engine. */
import { chmodSync, chownSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startEngineProxy } from "../support/engine-proxy.ts";
import { untilRestarted, withRun } from "../support/faults.ts";
import { containerOf, listOfRun, realEngine, untilNothingOfRun } from "../support/real-docker.ts";
import { describeReal } from "../support/real-parts.ts";
import { runCli } from "../support/run-cli.ts";
import { expectPassed, readRunVariables, readVerdict, withRedis } from "../support/system.ts";

const TINY = ["--task-managers", "2", "--partitions", "2", "--messages", "10", "--ui", "json"];
const ONCE_DOCKER = ["up", "--once", "--infra", "docker", ...TINY];
/** Nobody listens on port 1: a registry that cannot be reached, whatever the network. */
const NO_REGISTRY = "127.0.0.1:1/flink-apphost/none:1";
const DEADLINE_MS = 110_000;

describe("an engine that is not there", () => {
  it("exit 3 names what DOCKER_HOST says and why it did not do, before there is a run", async () => {
    const env = { DOCKER_HOST: "unix:///nowhere/docker.sock" };
    const { exitCode, stdout, stderr } = await runCli(ONCE_DOCKER, { env });
    expect(exitCode, stdout + stderr).toBe(3);
    expect(stderr).toMatch(
      /cannot run in mode docker: DOCKER_HOST \(unix:\/\/\/nowhere\/docker\.sock\): there is no such socket/,
    );
  });

  it("under auto is told in a notice, and the next mode is used", async () => {
    const env = { DOCKER_HOST: "unix:///nowhere/docker.sock", PATH: "/nonexistent" };
    await runCli(["up", "--once", ...TINY], { env }, async (cli, result) => {
      const report = await expectPassed(cli, result, 10);
      expect(report.infra.kafka.mode).toBe("embedded");
      expect(result.stdout).toMatch(/containers are not used: DOCKER_HOST .*no such socket/);
    });
  });

  it("that answers and then hangs is given up within 10 s under auto, and the next mode is used", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hanging-engine-"));
    const path = join(folder, "docker.sock");
    const server = createServer((request, response) => {
      if (request.url === "/version") response.end('{"Version":"28.0.1","ApiVersion":"1.48","Os":"linux"}');
    }).listen(path);
    const env = { DOCKER_HOST: `unix://${path}`, PATH: "/nonexistent" };
    try {
      await runCli(["up", "--once", ...TINY], { env, deadlineMs: 40_000 }, async (cli, result) => {
        const report = await expectPassed(cli, result, 10);
        expect(report.infra.kafka.mode).toBe("embedded");
        expect(result.stdout).toMatch(/containers are not used: .* could not list what carries our labels/);
      });
    } finally {
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it.runIf(process.getuid?.() === 0)("a socket without permission: exit 3 names the group to be in", async () => {
    const folder = mkdtempSync(join(tmpdir(), "closed-engine-"));
    const path = join(folder, "docker.sock");
    const server = createServer().listen(path);
    await new Promise((resolve) => server.once("listening", resolve));
    const cwd = mkdtempSync(join(tmpdir(), "nobody-"));
    try {
      chmodSync(folder, 0o755);
      chownSync(path, 0, 1);
      chmodSync(path, 0o660);
      chownSync(cwd, 65_534, 65_534);
      const env = { DOCKER_HOST: `unix://${path}`, HOME: cwd };
      const { exitCode, stdout, stderr } = await runCli(ONCE_DOCKER, { env, cwd, uid: 65_534 });
      expect(exitCode, stdout + stderr).toBe(3);
      expect(stderr).toMatch(
        /permission denied: the socket belongs to user 0 and group daemon, mode 660; sudo usermod -aG daemon/,
      );
    } finally {
      server.close();
      rmSync(folder, { recursive: true, force: true });
      rmSync(cwd, { recursive: true, force: true });
    }
  });
});

describeReal(["docker"], "an image that cannot be had", () => {
  it("exit 3 names the image and the reason, before there is a run", async () => {
    const { exitCode, stdout, stderr } = await runCli([...ONCE_DOCKER, "--kafka-image", NO_REGISTRY]);
    expect(exitCode, stdout + stderr).toBe(3);
    expect(stderr).toContain(`image ${NO_REGISTRY} is not on this machine and could not be pulled`);
    expect(stderr).toMatch(/connection refused/);
    expect(stderr).toContain(`flink-apphost: pulling ${NO_REGISTRY}`);
  });

  it("under auto makes a notice, and that server alone is taken from the next mode", async () => {
    const args = ["up", "--once", ...TINY, "--kafka-image", NO_REGISTRY];
    await runCli(args, { env: { PATH: "/nonexistent" }, deadlineMs: DEADLINE_MS }, async (cli, result) => {
      const report = await expectPassed(cli, result, 10);
      expect(report.infra.kafka.mode).toBe("embedded");
      expect(report.infra.redis.mode).toBe("docker");
      expect(result.stdout).toContain("no container is used: image");
      expect(await listOfRun(await cli.runId())).toEqual([]);
    });
  });
});

describeReal(["docker"], "a container that cannot work", () => {
  /** Local images made of the Redis one, with a command that fails in a way of its own. */
  const images = { exits: "flink-apphost-test/exits:1", missing: "flink-apphost-test/missing:1" };
  const { docker } = realEngineOrNone();

  async function makeImage(name: string, command: readonly string[]): Promise<void> {
    const base = await docker.createContainer({ Image: "redis:8.6", Cmd: ["true"] });
    const [repo, tag] = name.split(":");
    await base.commit({ repo, tag, Entrypoint: [...command], Cmd: [] });
    await base.remove({ v: true });
  }
  beforeAll(async () => {
    await makeImage(images.exits, ["sh", "-c", "echo the disk of this broker is full >&2; exit 42"]);
    await makeImage(images.missing, ["/no/such/program"]);
  });
  afterAll(async () => {
    for (const name of Object.values(images)) await docker.getImage(name).remove({ force: true });
  });

  it("one that exits at once: exit 3 with its exit code and its last lines", async () => {
    await runCli([...ONCE_DOCKER, "--kafka-image", images.exits], { deadlineMs: DEADLINE_MS }, async (cli, result) => {
      expect(result.exitCode, result.stderr).toBe(3);
      const [reason] = readVerdict(result).reasons;
      expect(reason).toMatch(/kafka ended with exit code 42; its last lines:\s+the disk of this broker is full/);
      expect(await listOfRun(await cli.runId())).toEqual([]);
    });
  });

  it("one whose program is not there: exit 3 with the engine's words", async () => {
    await runCli(
      [...ONCE_DOCKER, "--redis-image", images.missing],
      { deadlineMs: DEADLINE_MS },
      async (cli, result) => {
        expect(result.exitCode, result.stderr).toBe(3);
        expect(readVerdict(result).reasons.join()).toMatch(/could not be started: .*no such file/);
        expect(await listOfRun(await cli.runId())).toEqual([]);
      },
    );
  });
});

const STANDING = [
  "up",
  "--infra",
  "docker",
  "--task-managers",
  "2",
  "--partitions",
  "2",
  "--messages",
  "0",
  "--ui",
  "json",
];
const untilIdle = (cli: Parameters<Parameters<typeof withRun>[1]>[0]) =>
  cli.waitForEvent("phase", ({ phase }) => phase === "idle", DEADLINE_MS);

describeReal(["docker"], "an engine that dies in the middle of a run", () => {
  it("for longer than it may: exit 3 says so, and `down` removes what is left once it is back", async () => {
    const proxy = await startEngineProxy();
    const env = { DOCKER_HOST: proxy.address };
    try {
      await withRun(
        STANDING,
        async (cli) => {
          await untilIdle(cli);
          const runId = await cli.runId();
          await proxy.die();
          const result = await cli.end();
          expect(result.exitCode, result.stderr).toBe(3);
          expect(readVerdict(result).reasons.join()).toMatch(/the container of (kafka|redis) is out of reach/);
          expect(result.stdout).toMatch(/when it is back, .{0,3}flink-apphost down.{0,3} removes what run/);
          expect((await listOfRun(runId)).length).toBeGreaterThan(0);
          await proxy.revive();
          const down = await runCli(["down"], { env, cwd: cli.cwd });
          expect(down.exitCode, down.stderr).toBe(0);
          expect(await listOfRun(runId)).toEqual([]);
        },
        { env },
      );
    } finally {
      await proxy.close();
    }
  });

  it("while a run that passed is taken down: still exit 0, what is left is told, and `down` removes it", async () => {
    const proxy = await startEngineProxy();
    const env = { DOCKER_HOST: proxy.address };
    try {
      await withRun(
        ONCE_DOCKER,
        async (cli) => {
          await cli.waitForEvent("verdict", () => true, DEADLINE_MS);
          await proxy.die();
          const result = await cli.end();
          await expectPassed(cli, result, 10);
          const runId = await cli.runId();
          expect(result.stdout).toMatch(new RegExp(`"level":"error","resource":"host","text":"[^"]*${runId}`));
          await proxy.revive();
          const down = await runCli(["down"], { env, cwd: cli.cwd });
          expect(down.exitCode, down.stderr).toBe(0);
          expect(await listOfRun(runId)).toEqual([]);
        },
        { env },
      );
    } finally {
      await proxy.close();
    }
  });

  it("and is back at once, as after an update: the run goes on, and still knows of a death", async () => {
    const proxy = await startEngineProxy();
    try {
      await withRun(
        STANDING,
        async (cli) => {
          await untilIdle(cli);
          await proxy.die();
          await proxy.revive();
          await (await containerOf(await cli.runId(), "redis")).kill();
          await untilRestarted(cli, "redis");
          cli.process.kill("SIGTERM");
          expect((await cli.end()).exitCode).toBe(0);
          await untilNothingOfRun(await cli.runId());
        },
        { env: { DOCKER_HOST: proxy.address } },
      );
    } finally {
      await proxy.close();
    }
  });
});

describeReal(["docker"], "a container that is taken away", () => {
  it("removed by somebody: exit 3 says that its container is gone", async () => {
    await withRun(STANDING, async (cli) => {
      await untilIdle(cli);
      const runId = await cli.runId();
      await (await containerOf(runId, "kafka")).remove({ force: true, v: true });
      const result = await cli.end();
      expect(result.exitCode, result.stderr).toBe(3);
      expect(readVerdict(result).reasons.join()).toMatch(/the container of kafka is out of reach .*no such container/i);
      expect(await listOfRun(runId)).toEqual([]);
    });
  });

  it("killed for want of memory: the fault says so, and it is started again with its data", async () => {
    await withRun(STANDING, async (cli) => {
      await untilIdle(cli);
      const { REDIS_URL: url = "" } = await readRunVariables(cli.cwd);
      const container = await containerOf(await cli.runId(), "redis");
      const limitBytes = 64 * 1024 * 1024;
      await container.update({ Memory: limitBytes, MemorySwap: limitBytes });
      await withRedis(url, async (redis) => {
        redis.on("error", () => undefined);
        const value = "x".repeat(4 * 1024 * 1024);
        for (let i = 0; i < 40; i += 1) await redis.set(`filling-${i}`, value);
      }).catch(() => undefined);
      await container.update({ Memory: 1024 ** 3, MemorySwap: 1024 ** 3 });
      await untilRestarted(cli, "redis");
      const fault = await cli.waitForEvent("fault", ({ fault }) => fault.target === "redis");
      expect(fault.fault.detail).toMatch(/exit code 137 \(out of memory: the kernel ended it\)/);
    });
  });
});

/** The suites that need it are skipped without an engine, but their bodies are still read. */
function realEngineOrNone(): { readonly docker: Docker } {
  try {
    return realEngine();
  } catch {
    return { docker: null as unknown as Docker };
  }
}
