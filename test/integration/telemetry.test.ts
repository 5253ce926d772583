/** A run as a collector of OpenTelemetry sees it, and a run whose collector is not there or says nothing. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../support/dist.ts";
import type { ReceivedSpan } from "../support/otlp-messages.ts";
import { type OtlpReceiver, startOtlpReceiver } from "../support/otlp-receiver.ts";
import { scrape } from "../support/prometheus.ts";
import { type Cli, runCli, startCli } from "../support/run-cli.ts";
import { expectPassed, ONCE, readRunVariables } from "../support/system.ts";
import { appHostText, createUserProject, type UserProject } from "../support/user-project.ts";

const TINY = ["--messages", "500", "--task-managers", "2", "--partitions", "2"];

const PROGRAM_TEXT = `
console.log("told " + process.env.TRACEPARENT + " " + process.env.OTEL_SERVICE_NAME);
setInterval(() => undefined, 1_000);
`;

describe("a run that is told to a collector (http/protobuf)", () => {
  let collector: OtlpReceiver;
  let project: UserProject;
  let host: Cli;
  let exitCode: number | null;
  const span = (name: string | RegExp) => collector.spans.filter((one) => one.name.search(name) === 0);
  const only = (name: string | RegExp): ReceivedSpan => {
    const found = span(name);
    expect(found.map((one) => one.name)).toHaveLength(1);
    return found[0] as ReceivedSpan;
  };
  const parentOf = ({ parentSpanId }: ReceivedSpan) => collector.spans.find(({ spanId }) => spanId === parentSpanId);
  const newest = (name: string) => collector.points.filter((one) => one.name === name);

  beforeAll(async () => {
    collector = await startOtlpReceiver();
    project = createUserProject({
      "apphost.ts": appHostText(`app.addNodeProcess("program", { script: "./program.ts" }).waitFor(kafka);`),
      "program.ts": PROGRAM_TEXT,
    });
    const args = ["up", "--apphost", "./apphost.ts", "--infra", "embedded", "--ui", "json"];
    host = startCli(args, { cwd: project.folder, env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
    await host.waitForEvent("verdict", ({ verdict }) => verdict === "passed");
    const { pid } = await host.waitForEvent("resource", ({ name, state }) => {
      return name === "taskmanager-01" && state === "running";
    });
    process.kill(pid as number, "SIGKILL");
    await host.waitForEvent("resource", ({ name, state, restarts }) => {
      return name === "taskmanager-01" && state === "running" && restarts === 1;
    });
    expect((await runCli(["produce", "--messages", "500"], { cwd: host.cwd })).exitCode).toBe(0);
    await runCli(["down"], { cwd: host.cwd });
    ({ exitCode } = await host.end());
  });
  afterAll(async () => {
    await host?.dispose();
    collector?.close();
    project?.remove();
  });

  it("gets everything in a form that another decoder reads, from the run as a service", () => {
    expect(exitCode).toBe(0);
    expect(collector.problems).toEqual([]);
    const services = collector.spans.map(({ resource }) => resource["service.name"]);
    expect(new Set(services)).toEqual(new Set(["flink-apphost"]));
  });

  it("is one trace: the run, its start, its rounds and its end, each with what was done in it", () => {
    const run = only(/flink-apphost up/);
    expect(run).toMatchObject({ parentSpanId: "", status: { code: 1 } });
    expect(new Set(collector.spans.map(({ traceId }) => traceId))).toEqual(new Set([run.traceId]));
    for (const stage of ["start", "round 1", "round 2", "taking down"]) {
      expect(parentOf(only(new RegExp(`${stage}$`)))).toBe(run);
    }
    const phases = ["phase infrastructure", "phase job", "phase producing", "phase draining", "phase validating"];
    for (const phase of phases) expect(span(phase).length, phase).toBeGreaterThan(0);
    expect(span("phase producing").map((one) => parentOf(one)?.name)).toEqual(["round 1", "round 2"]);
    expect(parentOf(only("start kafka"))?.name).toBe("start");
    expect(span("start producer").map((one) => parentOf(one)?.name)).toEqual(["round 1", "round 2"]);
    expect(parentOf(only("stop jobmanager"))?.name).toBe("taking down");
    expect(span("checkpoint ").length).toBeGreaterThan(1);
    for (const one of collector.spans) {
      expect(one.endMs, one.name).toBeGreaterThanOrEqual(one.startMs);
      if (one !== run) expect(parentOf(one), one.name).toBeDefined();
    }
  });

  it("shows the fault as an error and its recovery, with the start of the successor in it", () => {
    const recovery = only("recovery of taskmanager-01");
    expect(recovery.attributes).toMatchObject({ detail: "signal SIGKILL", planned: false });
    const starts = span("start taskmanager-01");
    expect(starts.map(({ attributes }) => attributes["flink_apphost.restarts"])).toEqual([0, 1]);
    expect(parentOf(starts[1] as ReceivedSpan)).toBe(recovery);
    expect(only(/flink-apphost up/).events.map(({ name }) => name)).toContain("fault");
  });

  it("has the verdict's figures in its last metrics", async () => {
    const verdict = (await host.events()).findLast((event) => event.type === "verdict");
    expect(verdict).toMatchObject({ processed: 1_500, lost: 0 });
    for (const name of ["requested", "acknowledged", "produced", "processed"]) {
      const point = newest(`flink_apphost.messages.${name}`).at(-1);
      expect(point).toMatchObject({ value: 1_500, kind: "sum", isMonotonic: true, unit: "{message}" });
    }
    expect(newest("flink_apphost.lag").at(-1)).toMatchObject({ value: 0, kind: "gauge" });
    const completed = newest("flink_apphost.checkpoints").findLast(
      ({ attributes }) => attributes["status"] === "completed",
    );
    expect(completed?.value).toBe(span("checkpoint ").filter(({ status }) => status.code === 0).length);
    expect(newest("flink_apphost.checkpoint.duration").at(-1)).toMatchObject({
      kind: "histogram",
      value: completed?.value,
    });
    expect(newest("flink_apphost.telemetry.dropped_log_lines").at(-1)?.value).toBe(0);
  });

  it("has every line of every log under its resource's name, those of the killed TaskManager included", async () => {
    const runDir = await host.runDir();
    for (const name of ["taskmanager-01", "jobmanager", "producer"]) {
      const lines = readFileSync(join(runDir, "logs", `${name}.log`), "utf8")
        .trimEnd()
        .split("\n");
      const logs = collector.logs.filter(({ resource }) => resource["service.name"] === name);
      expect(logs.map(({ body }) => body)).toEqual(lines.map((line) => line.replace(/^\d{4}-\S+Z /, "")));
      expect(logs.filter(({ severity }) => severity === "INFO").length).toBeGreaterThan(0);
    }
    const lives = collector.logs.filter(({ resource, body }) => {
      return resource["service.name"] === "taskmanager-01" && body.startsWith("host  started");
    });
    expect(lives).toHaveLength(2);
  });

  it("hands the run's span and a name of its own to the user's program", () => {
    const { traceId, spanId } = only(/flink-apphost up/);
    const told = collector.logs.find(({ body }) => body.startsWith("told "));
    expect(told?.body).toBe(`told 00-${traceId}-${spanId}-01 program`);
    expect(told?.resource["service.name"]).toBe("program");
  });
});

describe("the variables of the specification", () => {
  it("choose signals, protocol, headers, names and the trace that goes on; a proxy gets nothing for this machine", async () => {
    const collector = await startOtlpReceiver();
    const stranger = await startOtlpReceiver();
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: stranger.url,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/own/v1/traces`,
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${collector.url}/v1/metrics`,
      OTEL_LOGS_EXPORTER: "none",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_HEADERS: "x-key=secret",
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: "x-kind=traces",
      OTEL_SERVICE_NAME: "my-run",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment=ci,service.name=ignored",
      TRACEPARENT: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`,
      NODE_USE_ENV_PROXY: "1",
      HTTP_PROXY: stranger.url,
      http_proxy: stranger.url,
    };
    try {
      await runCli([...ONCE, ...TINY], { env }, async (cli, result) => void (await expectPassed(cli, result, 500)));
      const run = collector.spans.find(({ name }) => name === "flink-apphost up");
      expect(run).toMatchObject({ traceId: "a".repeat(32), parentSpanId: "b".repeat(16) });
      expect(run?.resource).toMatchObject({ "service.name": "my-run", "deployment.environment": "ci" });
      const traces = collector.requests.filter(({ path }) => path === "/own/v1/traces");
      expect(traces.length).toBeGreaterThan(0);
      for (const { headers } of traces) {
        expect(headers).toMatchObject({ "x-key": "secret", "x-kind": "traces", "content-type": "application/json" });
      }
      expect(collector.points.find(({ name }) => name === "flink_apphost.messages.processed")?.value).toBeDefined();
      expect(collector.logs).toEqual([]);
      expect([...collector.problems, ...stranger.requests]).toEqual([]);
    } finally {
      collector.close();
      stranger.close();
    }
  });

  it("a protocol that cannot be had is said, and the run goes on", async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" };
    await runCli([...ONCE, ...TINY], { env }, async (cli, result) => {
      await expectPassed(cli, result, 500);
      const notices = (await cli.events()).filter((event) => event.type === "notice" && event.resource === "telemetry");
      expect(notices.map((notice) => (notice as { text: string }).text)).toEqual(
        ["traces", "metrics", "logs"].map(
          (signal) =>
            `OTEL_EXPORTER_OTLP_PROTOCOL is "grpc", so no ${signal} are exported: expected http/protobuf or http/json`,
        ),
      );
    });
  });
});

describe("a collector that is not there, or not willing", () => {
  /** Of the run, and how long its process lived on after it had ended. */
  const runAgainst = async (endpoint: string, more: Readonly<Record<string, string>> = {}) => {
    let heldMs = 0;
    let notices: readonly string[] = [];
    await runCli(
      [...ONCE, ...TINY],
      { env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...more } },
      async (cli, result) => {
        const endedAtMs = Date.now();
        await expectPassed(cli, result, 500);
        const events = await cli.events();
        const ended = events.find((event) => event.type === "phase" && event.phase === "ended");
        heldMs = endedAtMs - (ended?.atUs ?? 0) / 1_000;
        notices = events.flatMap((event) =>
          event.type === "notice" && event.resource === "telemetry" ? event.text : [],
        );
      },
    );
    return { heldMs, notices };
  };
  /** The promise is 2,000 ms; the rest is the end of the watchdog and of two processes on a busy machine. */
  const HELD_MS_MAX = 6_000;

  it("where nobody listens the run passes, ends soon, and says so once", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const { heldMs, notices } = await runAgainst(`http://127.0.0.1:${port}`);
    expect(heldMs).toBeLessThan(HELD_MS_MAX);
    expect(notices).toHaveLength(1);
  });

  it("where what it needs cannot be read the run passes, ends at once, and says so once", async () => {
    const more = { NODE_USE_ENV_PROXY: "1", OTEL_EXPORTER_OTLP_CERTIFICATE: "/nowhere/ca.pem" };
    const { notices } = await runAgainst("https://collector.invalid", more);
    expect(notices).toEqual([expect.stringMatching(/^nothing is exported any more: ENOENT.*ca\.pem/)]);
  });

  it("where one accepts and never answers, too", async () => {
    const silent = await startOtlpReceiver({ answers: false });
    try {
      const { heldMs, notices } = await runAgainst(silent.url);
      expect(heldMs).toBeLessThan(HELD_MS_MAX);
      expect(notices).toEqual(["the collector did not take everything within 2000 ms of the end"]);
      expect(silent.requests.length).toBeGreaterThan(0);
    } finally {
      silent.close();
    }
  });
});

describe("what nobody asked for", () => {
  it("is not loaded: not by the host, not by any of its programs, before a scrape or an endpoint", async () => {
    const folder = mkdtempSync(join(tmpdir(), "flink-apphost-packages-"));
    const list = join(folder, "list.txt");
    const preload = join(ROOT, "test/support/preload/list-packages.mjs");
    const env = { NODE_OPTIONS: `--import=${preload}`, LISTED_PACKAGES: list, OTEL_SDK_DISABLED: "true" };
    const collector = await startOtlpReceiver();
    const host = startCli(["up", "--infra", "embedded", "--ui", "json", ...TINY], {
      env: { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
    });
    try {
      await host.waitForEvent("verdict", ({ verdict }) => verdict === "passed");
      expect(existsSync(list)).toBe(false);
      expect(collector.requests).toEqual([]);
      await scrape((await readRunVariables(host.cwd))["JOBMANAGER_HTTP"] as string);
      expect(readFileSync(list, "utf8")).toContain("prom-client");
    } finally {
      await host.dispose();
      collector.close();
      rmSync(folder, { recursive: true });
    }
  });
});
