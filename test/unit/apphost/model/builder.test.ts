/** Declarations as data, and what does not compile. */
import { describe, expect, expectTypeOf, it } from "vitest";
import { builtInApplication } from "../../../../apphost/app-model.ts";
import { declareApplication } from "../../../../apphost/model/builder.ts";
import type { NodeProcessResource } from "../../../../apphost/model/capabilities.ts";
import { defineAppHost, isAppHostDefinition } from "../../../../apphost/model/definition.ts";
import { ref, resolveText } from "../../../../apphost/model/reference.ts";
import { present } from "../../../../simulator/common/foundation/assert.ts";
import { declareWith, problemsOf } from "../../../support/declared.ts";

const script = "./api.ts";
const last = <T>(items: readonly T[]): T => items.at(-1) as T;

describe("a declaration", () => {
  it("keeps what it was told, with scripts from its own folder", () => {
    const { resources } = declareWith((app, { kafka, taskManagers }) => {
      app
        .addNodeProcess("api", { script: "./src/api.ts", args: ["--verbose"], replicas: 2 })
        .withHttpEndpoint("http", { env: "PORT" })
        .withHttpHealthCheck("/health", { deadlineMs: 5_000 })
        .withReference(kafka)
        .withEnvironment("MODE", "test")
        .withRestart({ max: 3 })
        .waitFor(taskManagers, { deadlineMs: 1_000 });
    }, "/project");
    expect(last(resources)).toEqual({
      name: "api",
      kind: "node-process",
      life: "standing",
      replicas: 2,
      // A reference waits, too (D2).
      waitsFor: [
        { on: "taskmanager", until: "registered", deadlineMs: 1_000 },
        { on: "kafka", until: "ready" },
      ],
      process: {
        script: "/project/src/api.ts",
        args: ["--verbose"],
        folder: "/project",
        endpoints: [{ name: "http", env: "PORT", port: null }],
        healthCheck: { path: "/health", endpoint: "http", deadlineMs: 5_000, intervalMs: 1_000 },
        references: ["kafka"],
        environment: { MODE: "test" },
        restart: { policy: "onFailure", max: 3 },
      },
    });
  });

  it("lets others wait for its health where it has a health check, and for its start where it has none", () => {
    const { resources } = declareWith((app) => {
      const api = app.addNodeProcess("api", { script }).withHttpEndpoint("http", { env: "PORT" });
      app.addNodeProcess("before", { script }).waitFor(api);
      app.addNodeProcess("after", { script }).waitFor(api.withHttpHealthCheck("/"));
      app.addNodeProcess("reader", { script }).withReference(api);
    });
    expect(resources.slice(-3).map(({ waitsFor }) => waitsFor)).toEqual([
      [{ on: "api", until: "ready" }],
      [{ on: "api", until: "healthy" }],
      [{ on: "api", until: "healthy" }],
    ]);
  });

  it("takes values for options from built-in resources", () => {
    const { settings } = declareApplication(
      defineAppHost((app) => {
        app.addKafka("kafka", { partitions: 12, image: "apache/kafka:4.3.0", heap: "1g" });
        app.addTaskManagers("taskmanager", { replicas: 6 });
        app.addProducer("producer", { messages: 1_000, rate: 50 });
      }),
      ".",
    );
    expect(Object.fromEntries(settings.map(({ option, value }) => [option, value]))).toEqual({
      partitions: "12",
      kafkaImage: "apache/kafka:4.3.0",
      kafkaHeapBytes: "1g",
      taskManagers: "6",
      messages: "1000",
      rate: "50",
    });
  });

  it("is inert, and known by its mark in every copy of this package", () => {
    let runs = 0;
    const definition = defineAppHost(() => {
      runs += 1;
    });
    expect(runs).toBe(0);
    expect(isAppHostDefinition(definition)).toBe(true);
    expect(isAppHostDefinition({ declare: () => undefined })).toBe(false);
  });

  it("of the built-in application is the picture in its header", () => {
    const waits = builtInApplication.resources.map(({ name, waitsFor }) => [name, ...waitsFor.map(({ on }) => on)]);
    expect(waits).toEqual([
      ["kafka"],
      ["redis"],
      ["jobmanager", "kafka", "redis"],
      ["taskmanager", "jobmanager"],
      ["flink-job-simulator", "taskmanager"],
      ["producer", "flink-job-simulator"],
      ["validator", "producer", "jobmanager"],
      ["report", "validator"],
    ]);
  });
});

describe("a reference", () => {
  it("is resolved when its owner's variables are known", () => {
    const { resources } = declareWith((app, { kafka, redis }) => {
      const api = app.addNodeProcess("api", { script }).withHttpEndpoint("http", { env: "PORT" });
      app
        .addNodeProcess("web", { script })
        .withEnvironment("TEXT", ref`${kafka.property("host")}, ${api.endpoint("http")} and ${3}`)
        .withEnvironment("PASSWORD", redis.property("password"));
    });
    const { environment, references } = present(last(resources).process, "web's declaration");
    const variables: Record<string, Record<string, string>> = {
      kafka: { KAFKA_HOST: "127.0.0.1" },
      redis: { REDIS_PASSWORD: "secret" },
      api: { services__api__http__0: "http://127.0.0.1:7000" },
    };
    const resolve = (name: string) => resolveText(environment[name] ?? "", (of) => variables[of] ?? {});
    expect(resolve("TEXT")).toBe("127.0.0.1, http://127.0.0.1:7000 and 3");
    expect(resolve("PASSWORD")).toBe("secret");
    // It is told these values alone, and waits for those who have them.
    expect(references).toEqual([]);
    expect(last(resources).waitsFor.map(({ on }) => on)).toEqual(["kafka", "api", "redis"]);
  });

  it("whose value is missing is an error, not an empty text", () => {
    expect(() => resolveText(ref`${{ of: "kafka", variable: "NOPE" }}`, () => ({}))).toThrow(/kafka's NOPE/);
  });
});

describe("what does not compile", () => {
  it("is what cannot be waited for, has no address, or has no endpoint; the checks find it all the same", () => {
    const declared = declareWith((app, { jobManager, redis, taskManagers, producer, validator, kafka }) => {
      const api = app.addNodeProcess("api", { script });
      // @ts-expect-error What stands comes before each round.
      api.waitFor(producer);
      // @ts-expect-error Drained belongs to a round, too.
      api.waitFor(jobManager, { until: "drained" });
      // @ts-expect-error Redis has no topic.
      api.waitFor(redis, { until: "topicReady" });
      // @ts-expect-error It has no health check.
      app.addNodeProcess("web", { script }).waitFor(api, { until: "healthy" });
      // @ts-expect-error A name is no resource.
      api.waitFor("redis");
      // @ts-expect-error TaskManagers have no address for others.
      api.withReference(taskManagers);
      // @ts-expect-error Neither has a program without an endpoint.
      app.addNodeProcess("batch", { script }).withReference(api);
      // @ts-expect-error There is no endpoint to ask.
      app.addNodeProcess("mute", { script }).withHttpHealthCheck("/health");
      // @ts-expect-error It has no such endpoint.
      api.endpoint("http");
      // @ts-expect-error Kafka has no password.
      api.withEnvironment("SECRET", kafka.property("password"));
      // @ts-expect-error Its name is fixed.
      app.addKafka("other");
      // The tasks of a round may wait for both.
      validator.waitFor(jobManager, { until: "drained" }).waitFor(producer);
    });
    expect(problemsOf(declared)).toHaveLength(11);
  });

  it("knows what a program can be waited for, and the names of its endpoints", () => {
    declareWith((app) => {
      const api = app
        .addNodeProcess("api", { script })
        .withHttpEndpoint("http", { env: "PORT" })
        .withHttpEndpoint("admin", { env: "ADMIN_PORT" })
        .withHttpHealthCheck("/health", { endpoint: "admin" });
      expectTypeOf(api).toEqualTypeOf<NodeProcessResource<"ready" | "finished" | "healthy", "http" | "admin">>();
      expectTypeOf(api.endpoint).parameter(0).toEqualTypeOf<"http" | "admin">();
    });
  });
});
