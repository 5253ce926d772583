/** An app host of the user's own, in a project of the user's own, run by the command line. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { HostDescription } from "../../apphost/model/description.ts";
import type { HostEvent } from "../../simulator/common/contract/events.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { type Cli, findRunDir, runCli, startCli } from "../support/run-cli.ts";
import { canListProcesses, expectNoRunProcesses, listRunProcesses } from "../support/run-processes.ts";
import { expectExit, expectPassed, ONCE, readRunVariables } from "../support/system.ts";
import { API_TEXT, appHostText, createUserProject, type UserProject } from "../support/user-project.ts";

const UP = ["up", "--infra", "embedded", "--ui", "json", "--apphost", "./apphost.ts"] as const;
const API = `const api = app.addNodeProcess("api", { script: "./api.ts", args: ["--verbose"] })
  .withHttpEndpoint("http", { env: "PORT" }).withHttpHealthCheck("/health");`;

let project: UserProject | undefined;
let host: Cli | undefined;
afterEach(async () => {
  await host?.dispose();
  project?.remove();
  host = undefined;
  project = undefined;
});

function start(args: readonly string[], more: string, files: Readonly<Record<string, string>> = {}): Cli {
  project = createUserProject({ "apphost.ts": appHostText(more), "api.ts": API_TEXT, ...files });
  host = startCli(args, { cwd: project.folder });
  return host;
}

const isOf = (name: string, state: string) => (event: HostEvent) =>
  event.type === "resource" && event.name === name && event.state === state;

async function readApi(
  url: string,
): Promise<{ pid: number; args: string[]; cwd: string; env: Record<string, string> }> {
  return (await fetch(url)).json() as ReturnType<typeof readApi>;
}

describe("a program of the user's own", () => {
  it("answers at its endpoint, knows its variables, is started again on its port, and is gone at the end", async () => {
    const cli = start(
      UP,
      `${API}
      api.withReference(kafka).withReference(redis)
        .withEnvironment("GREETING", ref\`hello \${kafka.property("bootstrapServers")}\`).waitFor(taskManagers);
      app.addNodeProcess("web", { script: "./api.ts" }).withHttpEndpoint("http", { env: "PORT" })
        .withReference(api).waitFor(api);`,
    );
    await cli.waitForEvent("phase", (event) => event.phase === "idle");
    const variables = await readRunVariables(cli.cwd);
    const url = variables["API_HTTP"] as string;
    expect(variables["services__api__http__0"]).toBe(url);

    const before = await readApi(url);
    expect(before.args).toEqual(["--verbose"]);
    expect(before.cwd).toBe(cli.cwd);
    expect(before.env).toMatchObject({
      FLINK_APPHOST_RUN: await cli.runId(),
      GREETING: `hello ${variables["KAFKA_BOOTSTRAP_SERVERS"]}`,
      ConnectionStrings__kafka: variables["ConnectionStrings__kafka"],
      REDIS_URL: variables["REDIS_URL"],
      PORT: new URL(url).port,
    });
    // It was given what it refers to, and not the host's token.
    expect(before.env).not.toHaveProperty("JOBMANAGER_HTTP");
    expect(before.env).not.toHaveProperty("FLINK_APPHOST_TOKEN");
    const web = await readApi(variables["WEB_HTTP"] as string);
    expect(web.env["services__api__http__0"]).toBe(url);
    expect(web.env).not.toHaveProperty("REDIS_URL");

    process.kill(before.pid, "SIGKILL");
    const after = await waitUntil(async () => (await readApi(url)).pid, { what: "the restart", deadlineMs: 20_000 });
    expect(after).not.toBe(before.pid);
    await cli.waitForEvent("resource", (event) => isOf("api", "running")(event) && event.restarts === 1);

    const described = await runCli(["describe", "--format", "json"], { cwd: cli.cwd });
    const api = (JSON.parse(described.stdout) as HostDescription).resources.find(({ name }) => name === "api");
    expect(api).toMatchObject({ resourceType: "node-process", properties: { restarts: 1 } });
    expect(api?.urls).toEqual([{ name: "http", url: `http://${new URL(url).host}` }]);
    expect((await runCli(["produce", "--messages", "500"], { cwd: cli.cwd })).exitCode).toBe(0);
    const runDir = await cli.runDir();
    expect((await runCli(["down"], { cwd: cli.cwd })).exitCode).toBe(0);
    expect((await cli.end()).exitCode).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
    await expectNoRunProcesses(await cli.runId());
    expect(readFileSync(join(runDir, "logs", "api.log"), "utf8")).toContain("api listens");
    // Dependents end first.
    const events = await cli.events();
    const at = (name: string) => events.findIndex((event) => isOf(name, "stopping")(event));
    expect(at("web")).toBeLessThan(at("api"));
    expect(at("api")).toBeLessThan(at("jobmanager"));
  });

  it("runs before it is healthy, and those who wait for its health begin after that", async () => {
    const cli = start(
      [...UP, "--once"],
      `${API}
      api.withEnvironment("HEALTHY_AFTER_MS", "700");
      const seed = app.addNodeProcess("seed", { script: "./seed.ts" }).waitFor(api);
      app.addNodeProcess("worker", { script: "./api.ts", replicas: 2 }).withHttpEndpoint("http", { env: "PORT" })
        .waitFor(seed, { until: "finished" });
      job.waitFor(seed, { until: "finished" });`,
      { "seed.ts": "const done: string = 'seeded'; console.log(done);" },
    );
    await expectPassed(cli, await cli.end(), 1_000);
    const resources = (await cli.events()).filter((event) => event.type === "resource");
    const at = (name: string, state: string, health?: string) => {
      const index = resources.findIndex(
        (event) => event.name === name && event.state === state && (health === undefined || event.health === health),
      );
      expect(index, `${name} ${state} ${health ?? ""}`).toBeGreaterThanOrEqual(0);
      return index;
    };
    expect(at("api", "running", "unknown")).toBeLessThan(at("api", "running", "healthy"));
    expect(at("api", "running", "healthy")).toBeLessThan(at("seed", "starting"));
    expect(at("seed", "finished")).toBeLessThan(at("worker-02", "starting"));
    expect(at("seed", "finished")).toBeLessThan(at("flink-job-simulator", "running"));
  });

  it("that is never healthy ends the run with 6, and with its last words", async () => {
    const cli = start(
      [...UP, "--once"],
      `${API.replace('"/health"', '"/health", { deadlineMs: 4_000 }')}
      api.withEnvironment("HEALTHY_AFTER_MS", "60000"); job.waitFor(api);`,
    );
    const report = await expectExit(cli, await cli.end(), 6);
    expect(report.reasons.join()).toMatch(
      /api is running, but http:.*\/health did not answer with 2xx within 4000 ms \(last: HTTP 503\); its last lines:\napi listens/,
    );
  });

  it("that keeps dying ends the run with 6 when its bound is passed", async () => {
    const cli = start(UP, `app.addNodeProcess("weak", { script: "./weak.ts" }).withRestart({ max: 2 });`, {
      "weak.ts": "console.error('no such table'); process.exit(3);",
    });
    const report = await expectExit(cli, await cli.end(), 6);
    expect(report.reasons.join()).toMatch(
      /weak was restarted 2 times within 60000 ms.*exit code 3; its last lines:\nno such table/,
    );
  });

  it("is unhealthy while its checks fail, and is left alone (U2 of `node-process.ts`)", async () => {
    const cli = start(UP, API.replace('"/health"', '"/health", { intervalMs: 20 }'));
    const healthIs = (health: string) =>
      cli.waitForEvent("resource", (event) => isOf("api", "running")(event) && event.health === health);
    await healthIs("healthy");
    await cli.waitForEvent("phase", (event) => event.phase === "idle");
    const url = (await readRunVariables(cli.cwd))["API_HTTP"] as string;
    const { pid } = await readApi(`${url}/fall-ill`);
    expect((await healthIs("unhealthy")).reason).toBe("3 health checks failed: HTTP 503");
    await readApi(`${url}/recover`);
    await waitUntil(
      async () =>
        ((await cli.events()).findLast(isOf("api", "running")) as { health: string }).health === "healthy" || undefined,
      { what: "its recovery", deadlineMs: 60_000 },
    );
    expect((await readApi(url)).pid).toBe(pid);
  });

  it("gets another port after a clash, as long as nobody was told of the first (U1 of `node-process.ts`)", async () => {
    const cli = start([...UP, "--once"], `${API.replace("./api.ts", "./clash.ts")} job.waitFor(api);`, {
      "clash.ts": `
          import { existsSync, writeFileSync } from "node:fs";
          const isFirst: boolean = !existsSync("first-port");
          writeFileSync(isFirst ? "first-port" : "second-port", process.env.PORT ?? "");
          if (isFirst) throw new Error("listen EADDRINUSE: address already in use");
          await import("./api.ts");`,
    });
    await expectPassed(cli, await cli.end(), 1_000);
    const [first, second] = ["first-port", "second-port"].map((name) => readFileSync(join(cli.cwd, name), "utf8"));
    expect(Number(first)).toBeGreaterThan(0);
    expect(Number(second)).toBeGreaterThan(0);
    expect(second).not.toBe(first);
  });

  it.runIf(canListProcesses)("does not outlive a host that was killed", async () => {
    const cli = start(UP, API);
    await cli.waitForEvent("resource", (event) => isOf("api", "running")(event) && event.health === "healthy");
    const runId = await cli.runId();
    expect(listRunProcesses(runId).some(({ resource }) => resource === "api")).toBe(true);
    cli.process.kill("SIGKILL");
    await cli.end();
    await expectNoRunProcesses(runId, 10_000);
  });
});

describe("a file that cannot be used", () => {
  const BROKEN: readonly (readonly [title: string, text: string, message: RegExp])[] = [
    ["has no default export", "export const a = 1;", /it has no default export: write "export default defineAppHost/],
    ["exports something else", "export default { kafka: {} };", /its default export is something else/],
    [
      "throws while it is loaded",
      "const port: number = 1;\n\nthrow new Error('no ' + port);",
      /it threw while it was loaded at .*apphost\.ts:3: no 1/,
    ],
    [
      "throws in its function",
      'import { defineAppHost } from "flink-apphost";\nexport default defineAppHost(() => {\n  JSON.parse("{");\n});',
      /the function given to defineAppHost threw at .*apphost\.ts:3: /,
    ],
    [
      "needs more than its types stripped",
      "const a = 1;\nenum Mode { Fast }\nexport default Mode;",
      /Node only strips types, and this needs more than that at .*apphost\.ts:2; .*: TypeScript enum is not supported/,
    ],
    ["is no TypeScript", "const a: = 1;", /its syntax is not valid at .*apphost\.ts:1: /],
    ["imports what is not there", 'import "./nope.ts";', /it imports something that is not there: .*nope\.ts/],
  ];

  it.each(BROKEN)("because it %s ends with 2 before anything is started", async (_, text, message) => {
    project = createUserProject({ "apphost.ts": text });
    const { exitCode, stderr } = await runCli([...ONCE, "--apphost", "apphost.ts"], { cwd: project.folder });
    expect(exitCode, stderr).toBe(2);
    expect(stderr).toMatch(/apphost\.ts cannot be used as an app host: /);
    expect(stderr).toMatch(message);
    expect(findRunDir(project.folder)).toBeUndefined();
  });

  it("because of what it declares ends with 2, and tells every problem", async () => {
    const more = `const api = app.addNodeProcess("api", { script: "./nope.ts" }); api.waitFor(api); app.addRedis("redis");`;
    project = createUserProject({ "apphost.ts": appHostText(more) });
    const { exitCode, stderr } = await runCli(["stress", "--apphost", "apphost.ts"], { cwd: project.folder });
    expect(exitCode, stderr).toBe(2);
    expect(stderr).toContain("apphost.ts has 3 problems, and nothing was started:");
    for (const part of ["nope.ts is not there", "api waits for itself", "two resources are named redis"]) {
      expect(stderr).toContain(part);
    }
    expect(findRunDir(project.folder)).toBeUndefined();
  });
});
