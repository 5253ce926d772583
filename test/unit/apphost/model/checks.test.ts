/** What can be wrong with an application: each mistake is found, is named, and comes alone. */
import { describe, expect, it } from "vitest";
import { builtInApplication } from "../../../../apphost/app-model.ts";
import { declareApplication } from "../../../../apphost/model/builder.ts";
import type { AppBuilder } from "../../../../apphost/model/capabilities.ts";
import { defineAppHost } from "../../../../apphost/model/definition.ts";
import { addBuiltIn, type BuiltIn, declareWith, problemsOf } from "../../../support/declared.ts";

const script = "./api.ts";
type Add = (app: AppBuilder, builtIn: BuiltIn) => void;

/** What was added to a sound application, and the one problem that it makes. */
const MISTAKES: readonly (readonly [title: string, add: Add, problem: RegExp])[] = [
  ["a self-wait", (app) => addLoop(app, "api"), /^api waits for itself$/],
  ["a circle of waits", (app) => addCircle(app), /a → b → a/],
  ["a circle through a reference", (app) => addReferenceCircle(app), /a → b → a .*a reference waits/],
  [
    "a circle through what is built in",
    (app, { jobManager, taskManagers }) =>
      jobManager.waitFor(app.addNodeProcess("api", { script }).waitFor(taskManagers)),
    /jobmanager → api → taskmanager → jobmanager/,
  ],
  ["two of one name", (app) => [1, 2].map(() => app.addNodeProcess("api", { script })), /two resources are named api/],
  [
    "the name of a replica",
    (app) => app.addNodeProcess("taskmanager-02", { script }),
    /two resources .* taskmanager-02/,
  ],
  ["the name of a group", (app) => addGroup(app, "api"), /two resources are named api/],
  ["a name that is no name", (app) => app.addNodeProcess("No Good", { script }), /"No Good" is no name/],
  // So each letter of a name has one column, and a table of names its columns.
  ["a name with a wide letter", (app) => app.addNodeProcess("api-漢", { script }), /"api-漢" is no name/],
  [
    "a name with a letter of two parts",
    (app) => app.addNodeProcess("cafe\u0301", { script }),
    /"cafe\u0301" is no name/,
  ],
  ["a name of the host's", (app) => app.addNodeProcess("watchdog", { script }), /the name watchdog is taken/],
  [
    "a name that scale may need",
    (app) => app.addNodeProcess("taskmanager-40", { script }),
    /the name taskmanager-40 is taken/,
  ],
  ["no script", (app) => app.addNodeProcess("api", { script: "" }), /api has no script/],
  [
    "no replicas",
    (app) => app.addNodeProcess("api", { script, replicas: 0 }),
    /api has 0 replicas: expected .* 1 to 64/,
  ],
  [
    "a wait of a standing program for a round",
    (app, { jobManager }) => app.addNodeProcess("api", { script }).waitFor(jobManager, { until: "drained" as "ready" }),
    /api waits for jobmanager "drained", which is reached in a round/,
  ],
  [
    "a wait for a task",
    (app, { validator }) => app.addNodeProcess("api", { script }).waitFor(validator as never),
    /api waits for validator "finished", which is reached in a round/,
  ],
  [
    "a milestone that the other does not have",
    (app, { redis }) => app.addNodeProcess("api", { script }).waitFor(redis, { until: "topicReady" as "ready" }),
    /api waits for redis "topicReady", which has only ready/,
  ],
  [
    "a wait for the end of what never ends",
    (app) =>
      app
        .addNodeProcess("api", { script })
        .waitFor(app.addNodeProcess("db", { script }).withRestart({ policy: "always" }), { until: "finished" }),
    /api waits for db "finished", which always starts again/,
  ],
  [
    "a deadline that is none",
    (app, { kafka }) => app.addNodeProcess("api", { script }).waitFor(kafka, { deadlineMs: -1 }),
    /api waits for kafka at most -1 ms/,
  ],
  [
    "a wait for nothing",
    (app) => app.addNodeProcess("api", { script }).waitFor(undefined as never),
    /waits for undefined/,
  ],
  [
    "a wait for somebody else's",
    (app) => app.addNodeProcess("api", { script }).waitFor(foreignKafka()),
    /api waits for kafka of another application/,
  ],
  [
    "a reference to what has no address",
    (app, { taskManagers }) => app.addNodeProcess("api", { script }).withReference(taskManagers as never),
    /api refers to taskmanager, which has no address/,
  ],
  [
    "a property that is not there",
    (app, { kafka }) => app.addNodeProcess("api", { script }).withEnvironment("X", kafka.property("nope" as "host")),
    /kafka has no property "nope": bootstrapServers, host/,
  ],
  [
    "an endpoint that is not there",
    (app) => app.addNodeProcess("api", { script }).endpoint("http" as never),
    /api has no endpoint "http"/,
  ],
  ["two endpoints of one name", (app) => addEndpoints(app, ["http", "A"], ["http", "B"]), /two endpoints named http/],
  [
    "one variable for two ports",
    (app) => addEndpoints(app, ["http", "PORT"], ["admin", "PORT"]),
    /api is given PORT twice/,
  ],
  ["a variable that is no name", (app) => addEndpoints(app, ["http", "MY-PORT"]), /"MY-PORT", which is no name/],
  [
    "the host's own variable",
    (app) => addEndpoints(app, ["http", "FLINK_APPHOST_RUN"]),
    /FLINK_APPHOST_RUN: .*host's own/,
  ],
  [
    "one port for two",
    (app) => addPorts(app, 7_000, 7_000),
    /api's endpoint http and web's endpoint http both have port 7000/,
  ],
  [
    "a port that is none",
    (app) => addPorts(app, 70_000, 7_001),
    /api's endpoint http has port 70000: expected 1 to 65535/,
  ],
  [
    "one port for several replicas",
    (app) => app.addNodeProcess("api", { script, replicas: 2 }).withHttpEndpoint("http", { env: "PORT", port: 7_000 }),
    /port 7000 and several replicas/,
  ],
  [
    "a health check without an endpoint",
    (app) => app.addNodeProcess("api", { script }).withHttpHealthCheck("/health" as never),
    /api has a health check and no endpoint/,
  ],
  [
    "a health check at another endpoint",
    (app) => withHttp(app).withHttpHealthCheck("/health", { endpoint: "admin" as "http" }),
    /health check at endpoint "admin", which it does not have/,
  ],
  ["a health check without a path", (app) => withHttp(app).withHttpHealthCheck("health"), /"health": expected a path/],
  [
    "a health check without end",
    (app) => withHttp(app).withHttpHealthCheck("/", { deadlineMs: Number.POSITIVE_INFINITY }),
    /a deadline of Infinity ms/,
  ],
  [
    "restarts without bound",
    (app) => withHttp(app).withRestart({ max: 1_000 }),
    /at most 1000 times: expected .* 0 to 10/,
  ],
  ["a second Kafka", (app) => app.addKafka("kafka"), /two resources are named kafka/],
  ["another Kafka", (app) => app.addKafka("other" as "kafka"), /other cannot be a kafka: there is one/],
  ["a setting that is none", (app) => app.addRedis("redis", { heap: 1 } as object), /redis has no setting "heap"/],
];

const withHttp = (app: AppBuilder) => app.addNodeProcess("api", { script }).withHttpEndpoint("http", { env: "PORT" });

function addLoop(app: AppBuilder, name: string): void {
  const api = app.addNodeProcess(name, { script });
  api.waitFor(api);
}

function addCircle(app: AppBuilder): void {
  const a = app.addNodeProcess("a", { script });
  a.waitFor(app.addNodeProcess("b", { script }).waitFor(a));
}

function addReferenceCircle(app: AppBuilder): void {
  const a = app.addNodeProcess("a", { script }).withHttpEndpoint("http", { env: "PORT" });
  a.withReference(app.addNodeProcess("b", { script }).withHttpEndpoint("http", { env: "PORT" }).withReference(a));
}

function addGroup(app: AppBuilder, name: string): void {
  app.addNodeProcess(name, { script, replicas: 2 });
  app.addNodeProcess(name, { script });
}

function addEndpoints(app: AppBuilder, ...endpoints: [name: string, env: string][]): void {
  const api = app.addNodeProcess("api", { script });
  for (const [name, env] of endpoints) api.withHttpEndpoint(name, { env });
}

function addPorts(app: AppBuilder, api: number, web: number): void {
  app.addNodeProcess("api", { script }).withHttpEndpoint("http", { env: "PORT", port: api });
  app.addNodeProcess("web", { script }).withHttpEndpoint("http", { env: "PORT", port: web });
}

function foreignKafka(): BuiltIn["kafka"] {
  let kafka: BuiltIn["kafka"] | undefined;
  declareWith((_, builtIn) => {
    kafka = builtIn.kafka;
  });
  return kafka as BuiltIn["kafka"];
}

describe("an application", () => {
  it("that is sound has no problem, and neither has the built-in one", () => {
    expect(problemsOf(builtInApplication)).toEqual([]);
    const declared = declareWith((app, { kafka, taskManagers, job }) => {
      const api = withHttp(app).withHttpHealthCheck("/health").withReference(kafka).waitFor(taskManagers);
      const seed = app.addNodeProcess("seed", { script, replicas: 3 }).waitFor(api, { until: "ready" });
      app.addNodeProcess("web", { script }).withReference(api).waitFor(seed, { until: "finished" }).waitFor(job);
    });
    expect(problemsOf(declared)).toEqual([]);
  });

  it.each(MISTAKES)("with %s is refused for that", (_, add, problem) => {
    const problems = problemsOf(declareWith(add));
    expect(problems.filter((text) => problem.test(text))).toHaveLength(1);
  });

  it("tells all of them at once", () => {
    const problems = problemsOf(
      declareWith((app) => {
        addLoop(app, "api");
        addCircle(app);
        addPorts(app, 0, 7_000);
        app.addRedis("redis");
      }),
    );
    for (const part of ["api waits for itself", "a → b → a", "named api", "port 0", "named redis"]) {
      expect(problems.filter((problem) => problem.includes(part))).toHaveLength(1);
    }
  });

  it.each(builtInApplication.resources.map(({ name, kind }) => [name, kind]))("without %s is refused", (name, kind) => {
    const declared = declareApplication(defineAppHost(addBuiltIn), "/project");
    const resources = declared.resources.filter((resource) => resource.kind !== kind);
    expect(problemsOf({ ...declared, resources })).toContain(
      `there is no ${name}: each application needs one, or its verdict proves nothing`,
    );
  });

  it("without a wait that a built-in resource cannot do without is refused", () => {
    const declared = declareApplication(
      defineAppHost((app) => {
        const kafka = app.addKafka("kafka");
        app.addJobManager("jobmanager").waitFor(kafka);
      }),
      "/project",
    );
    expect(problemsOf(declared)).toEqual(
      expect.arrayContaining([
        'jobmanager must wait for kafka "topicReady", as it cannot work before that',
        'jobmanager must wait for redis "ready", as it cannot work before that',
      ]),
    );
  });

  it("whose function is asynchronous is refused", () => {
    const definition = defineAppHost(async (app) => void addBuiltIn(app));
    expect(problemsOf(declareApplication(definition, "/project"))).toEqual([expect.stringContaining("asynchronous")]);
  });
});
