/** No secret leaves: not to a proxy, and not into what is printed, logged, reported or shown in a list of processes. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeReal } from "../support/real-parts.ts";
import { type RealRedis, startRealRedis } from "../support/real-redis.ts";
import { runCli, startCli } from "../support/run-cli.ts";
import { expectPassed } from "../support/system.ts";
import { appHostText, createUserProject } from "../support/user-project.ts";

const SECRET = "Tr0ub4dor";
const SMALL = ["--infra", "embedded", "--task-managers", "2", "--partitions", "2"];

/** A proxy of a stranger: it takes everything, answers nothing, and remembers what it got. */
async function startStranger() {
  const got: string[] = [];
  const server = createServer((socket) => {
    got.push("a connection");
    socket.on("data", (data) => got.push(data.toString()));
    socket.on("error", () => undefined);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://me:${SECRET}@127.0.0.1:${(server.address() as AddressInfo).port}`;
  const proxies = { HTTP_PROXY: url, http_proxy: url, HTTPS_PROXY: url, https_proxy: url, ALL_PROXY: url };
  return { got, env: { NODE_USE_ENV_PROXY: "1", NO_PROXY: "", no_proxy: "", ...proxies }, close: () => server.close() };
}

/** Healthy once it has reached the JobManager by the address that it was given. */
const ASKING_TEXT = `
import { createServer } from "node:http";
let answer = 503;
const ask = () => fetch(process.env.JOBMANAGER_HTTP + "/overview").then((got) => (answer = got.status), () => setTimeout(ask, 100));
ask();
createServer((_, response) => {
  response.statusCode = answer;
  response.end();
}).listen(Number(process.env.PORT), "127.0.0.1");
`;

describe("with a proxy in the environment, for Node too", () => {
  it("a run and the user's own programs reach this machine directly; the proxy gets nothing", async () => {
    const stranger = await startStranger();
    const more = `app.addNodeProcess("api", { script: "./api.ts" }).withHttpEndpoint("http", { env: "PORT" })
      .withHttpHealthCheck("/health").withReference(jobManager);`;
    const project = createUserProject({ "apphost.ts": appHostText(more), "api.ts": ASKING_TEXT });
    try {
      const args = ["up", "--once", "--apphost", "./apphost.ts", "--infra", "embedded", "--ui", "json"];
      const cli = startCli(args, { cwd: project.folder, env: stranger.env });
      await expectPassed(cli, await cli.end(), 1_000);
      expect(await cli.events()).toContainEqual(expect.objectContaining({ name: "api", health: "healthy" }));
      expect(stranger.got).toEqual([]);
      expect(readdirSync(await cli.runDir())).toContain(".gitignore");
    } finally {
      stranger.close();
      project.remove();
    }
  });

  it("an engine over tcp is asked directly, too", async () => {
    const stranger = await startStranger();
    const engine = createHttpServer((request, response) => {
      const isVersion = request.url?.endsWith("/version") === true;
      response.statusCode = isVersion ? 200 : 404;
      response.end(isVersion ? '{"Version":"28.0.1","ApiVersion":"1.48","Os":"linux"}' : '{"message":"none"}');
    }).listen(0, "127.0.0.1");
    await once(engine, "listening");
    const target = `tcp://me:${SECRET}@127.0.0.1:${(engine.address() as AddressInfo).port}`;
    try {
      const { stdout } = await runCli(["doctor", "--format", "json"], {
        env: { ...stranger.env, DOCKER_HOST: target },
      });
      expect(JSON.parse(stdout).checks.find(({ id }: { id: string }) => id === "engine")).toMatchObject({
        result: "ok",
        found: expect.stringMatching(/^28\.0\.1, API 1\.48, at tcp:\/\/me:\*\*\*@127\.0\.0\.1/),
      });
      expect(stdout).not.toContain(SECRET);
      expect(stranger.got).toEqual([]);
    } finally {
      stranger.close();
      engine.closeAllConnections();
      engine.close();
    }
  });
});

describe("a password that was typed", () => {
  it.each([
    [
      "redis://admin:Tr0ub4dor/&3@127.0.0.1:1",
      '--redis is "redis://***": expected redis://[[USER]:PASSWORD@]HOST[:PORT]',
    ],
    ["redis://:Tr0ub4dor x@h/y", 'is "redis://***"'],
    ["Tr0ub4dor", 'is "***"'],
  ])("in the malformed %j is not repeated, by option or variable, by up, down and doctor", async (typed, words) => {
    for (const args of [
      ["up", "--redis", typed],
      ["down", `--redis=${typed}`],
      ["doctor", "--redis", typed],
    ]) {
      const { exitCode, stdout, stderr } = await runCli(args);
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
      expect(stderr).toContain(words);
      expect(stderr).not.toContain(SECRET);
    }
    const { exitCode, stdout, stderr } = await runCli(["doctor"], { env: { FLINK_APPHOST_REDIS: typed } });
    expect(exitCode).toBe(1);
    expect(stdout.replaceAll(/\s+/g, " ")).toContain(
      `FLINK_APPHOST_REDIS ${words.replace(/^--redis /, "").slice(0, 12)}`,
    );
    expect(stdout + stderr).not.toContain(SECRET);
  });

  it.each([
    [["up", `--reddis=redis://:${SECRET}/'x@h`], "unknown option '--reddis=***'"],
    [["up", `--redis-password=${SECRET}`], "unknown option '--redis-password=***'"],
    [["up", `redis://:${SECRET}@h`], "redis://:***@h"],
    [[`redis://:${SECRET}@h`], "unknown command 'redis://:***@h'"],
    [["up", "--topic", `redis://:${SECRET}@h`], '--topic is "redis://:***@h"'],
    [["down", "--run", `redis://:${SECRET}@h`], '--run is "redis://:***@h"'],
    [["up", "--kafka", `kafka://me:${SECRET}@h:9092`], "--kafka asks for SASL"],
  ])("where nobody expected it is not repeated: %j", async (args, words) => {
    const { exitCode, stdout, stderr } = await runCli(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain(words);
    expect(stderr).not.toContain(SECRET);
  });
});

describeReal(["redis"], "a run on a Redis with a password that programs write in several ways", () => {
  const password = `${SECRET}/&3;`;
  let redis: RealRedis;
  let typed = "";
  let base = "";
  beforeAll(async () => {
    base = mkdtempSync(join(tmpdir(), "flink-apphost-secrets-"));
    redis = await startRealRedis({ password });
    // Encoded where it must be, and nowhere else: no program would write it so.
    typed = `redis://default:${SECRET}%2F&3;@127.0.0.1:${redis.port}`;
  });
  afterAll(async () => {
    await redis.stop();
    rmSync(base, { recursive: true, force: true });
  });

  it("shows it in `env` and --show-secrets alone, and in no log, event, report, list of processes or git", async () => {
    const up = ["up", "--detach", "--messages", "10", "--ui", "json", "--redis", typed, ...SMALL];
    const started = await runCli(up, { cwd: base });
    expect(started.exitCode, started.stderr).toBe(0);
    const { runDir, hostPid } = JSON.parse(started.stdout) as { runDir: string; hostPid: number };
    const ask = async (...args: string[]) => {
      const { exitCode, stdout, stderr } = await runCli(args, { cwd: base });
      expect(exitCode, stderr).toBe(0);
      return stdout + stderr;
    };
    try {
      await ask("wait", "report", "--status", "finished");
      for (const args of [["describe"], ["describe", "--format", "json"], ["ps"], ["logs"], ["report"]]) {
        expect(await ask(...args)).not.toContain(SECRET);
      }
      expect(await ask("env")).toContain(password);
      expect(await ask("describe", "--format", "json", "--show-secrets")).toContain(SECRET);
      const { stdout } = spawnSync("ps", ["-o", "args=", "-p", String(hostPid)], { encoding: "utf8" });
      expect(stdout).toContain("up --messages 10");
      expect(stdout).not.toContain("redis://");
    } finally {
      await ask("down");
    }
    const files = readdirSync(runDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const holding = files.filter((file) => readFileSync(join(file.parentPath, file.name), "latin1").includes(SECRET));
    expect(holding.map(({ name }) => name)).toEqual(["credentials"]);
    const git = (...args: string[]) => spawnSync("git", args, { cwd: base, encoding: "utf8" });
    if (git("init", "--quiet").status === 0)
      expect(git("status", "--short", "-uall").stdout).not.toContain("credentials");
    expect(await ask("down", "--purge")).toContain("removed 4 keys");
    expect(readdirSync(runDir)).not.toContain("credentials");
  });

  it("does not repeat it when the server does: one that does not know AUTH quotes what was sent", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      // A reply to each command, however many come at once.
      socket.on("data", (data) => {
        const commands = data.toString().match(/^\*\d/gm) ?? [];
        for (const _ of commands) {
          socket.write(`-ERR unknown command \`AUTH\`, with args beginning with: \`${password}\`\r\n`);
        }
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = typed.replace(/:\d+$/, `:${(server.address() as AddressInfo).port}`);
    try {
      const doctor = await runCli(["doctor", "--redis", address, "--format", "json"]);
      expect(doctor.stdout).toContain("beginning with: `***`");
      const run = await runCli(["up", "--once", "--messages", "10", "--redis", address, "--ui", "json", ...SMALL]);
      expect(run.exitCode).toBe(3);
      for (const { stdout, stderr } of [doctor, run]) expect(stdout + stderr).not.toContain(SECRET);
    } finally {
      server.close();
    }
  });
});
