/** From a declaration, a command line and an environment to a run's options and application, or to every problem. */
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { loadAppHostFile } from "../../../apphost/cli/apphost-file.ts";
import { declareApplication } from "../../../apphost/model/builder.ts";
import type { AppBuilder } from "../../../apphost/model/capabilities.ts";
import { defineAppHost } from "../../../apphost/model/definition.ts";
import type { GivenOptions, Variables } from "../../../apphost/options.ts";
import { prepareBuiltIn, prepareDeclared } from "../../../apphost/preparation.ts";
import { addBuiltIn } from "../../support/declared.ts";

/** Any file that is there. */
const script = fileURLToPath(import.meta.url);

const prepare = (declare: (app: AppBuilder) => void, options: GivenOptions = {}, env: Variables = {}) =>
  prepareDeclared(declareApplication(defineAppHost(declare), "."), "apphost.ts", { verb: "up", options, env });

function declareSix(app: AppBuilder): void {
  const kafka = app.addKafka("kafka", { partitions: 12, image: "example/kafka:1", heap: "2g" });
  const redis = app.addRedis("redis", { image: "example/redis:1" });
  const jobManager = app.addJobManager("jobmanager").waitFor(redis).waitFor(kafka, { until: "topicReady" });
  const taskManagers = app.addTaskManagers("taskmanager", { replicas: 6 }).waitFor(jobManager);
  const job = app.addFlinkJobSimulator("flink-job-simulator").waitFor(taskManagers);
  const producer = app.addProducer("producer", { messages: 500, maxTimeMs: 9_000 }).waitFor(job);
  const validator = app.addValidator("validator").waitFor(producer).waitFor(jobManager, { until: "drained" });
  app.addReport("report").waitFor(validator);
}

describe("values", () => {
  it("of the file beat the defaults", async () => {
    const { options, application } = await prepare(declareSix);
    expect(options).toMatchObject({
      partitions: 12,
      taskManagers: 6,
      messages: 500,
      maxTimeMs: 9_000,
      messageSize: 100,
      kafkaImage: "example/kafka:1",
      kafkaHeapBytes: 2 * 1024 ** 3,
      redisImage: "example/redis:1",
    });
    expect(application.members("taskmanager")).toHaveLength(6);
  });

  it("of the environment beat the file, and the command line beats both", async () => {
    const env = { FLINK_APPHOST_TASK_MANAGERS: "4", FLINK_APPHOST_PARTITIONS: "5" };
    const { options, application } = await prepare(declareSix, { taskManagers: "3" }, env);
    expect(options).toMatchObject({ taskManagers: 3, partitions: 5, messages: 500 });
    expect(application.members("taskmanager")).toHaveLength(3);
  });

  it("without a file are as ever", () => {
    const { options, application } = prepareBuiltIn({ verb: "stress", options: {}, env: {} });
    expect(options.messages).toBe(10_000_000);
    expect(application.members("taskmanager")).toHaveLength(20);
  });
});

describe("problems", () => {
  const findProblems = async (declare: (app: AppBuilder) => void, options: GivenOptions = {}): Promise<string> =>
    prepare(declare, options).then(
      () => "none",
      (error: Error) => error.message,
    );

  it("are told all at once: of values, of the graph, and of the machine (Y1)", async () => {
    const message = await findProblems((app) => {
      declareSix(app);
      app.addKafka("kafka", { partitions: -1, heap: "much" });
      const api = app.addNodeProcess("api", { script: "./not-there.ts" });
      api.waitFor(api);
    });
    expect(message).toMatch(/^apphost.ts has 5 problems, and nothing was started:\n {2}- /);
    expect(message).toContain('kafka: partitions is "-1": expected a whole number from 1 to');
    expect(message).toContain('kafka: heap is "much": expected a number of bytes');
    expect(message).toMatch(/api's script \/.*not-there.ts is not there/);
    expect(message).toContain("api waits for itself");
    expect(message).toContain("two resources are named kafka");
  });

  it("are usage errors", async () => {
    await expect(prepare(() => undefined)).rejects.toMatchObject({ code: "APPHOST_INVALID", category: "usage" });
  });

  it("include a port that somebody else has", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const declare = (app: AppBuilder) => {
      addBuiltIn(app);
      app.addNodeProcess("api", { script }).withHttpEndpoint("http", { env: "PORT", port });
    };
    expect(await findProblems(declare)).toContain(`api's endpoint http has port ${port}, which is not free`);
    server.close();
    await once(server, "close");
    expect(await findProblems(declare)).toBe("none");
  });

  it("include a port that --fixed-ports gives away", async () => {
    const declare = (app: AppBuilder) => {
      addBuiltIn(app);
      app.addNodeProcess("api", { script }).withHttpEndpoint("http", { env: "PORT", port: 8_081 });
    };
    expect(await findProblems(declare, { fixedPorts: true })).toContain("--fixed-ports gives to jobManagerHttp");
  });
});

describe("a file", () => {
  it("that is not there, or is a folder, is refused by name", async () => {
    await expect(loadAppHostFile("./no-such-apphost.ts")).rejects.toThrow(
      /no-such-apphost.ts cannot be used as an app host: there is no such file \(\//,
    );
    await expect(loadAppHostFile(".")).rejects.toThrow(/it is not a file/);
  });
});
