/** `--engine flink`: what it makes of an application, and what is refused because it is not built. */
import { expect, it } from "vitest";
import { describeApplication, runOnFlink } from "../../../apphost/app-model.ts";
import { resolveOptions } from "../../../apphost/option-resolution.ts";
import { requireFlink } from "../../../apphost/resources/flink-choice.ts";

it("has Flink's processes under the names of ours, a gateway, and the mirror in the client's place", () => {
  const application = runOnFlink(describeApplication({ taskManagers: 2 }), { job: "built-in", isExternal: false });
  expect(application.order.map(({ name }) => name)).toEqual([
    "kafka",
    "redis",
    "jobmanager",
    "taskmanager-01",
    "taskmanager-02",
    "sql-gateway",
    "mirror",
    "producer",
    "validator",
    "report",
  ]);
  expect(application.order.filter(({ loadsEarly }) => loadsEarly)).toEqual([]);
  expect(application.members("jobmanager")[0]?.waitsFor).toEqual([{ on: "redis", until: "ready" }]);
  expect(application.members("taskmanager-02")[0]?.waitsFor).toEqual([
    { on: "jobmanager", until: "ready" },
    { on: "kafka", until: "topicReady" },
  ]);
  expect(application.members("mirror")[0]?.waitsFor).toEqual([
    { on: "kafka", until: "topicReady" },
    { on: "sql-gateway", until: "ready" },
  ]);
  expect(application.members("producer")[0]?.waitsFor).toEqual([{ on: "mirror", until: "jobRunning" }]);
});

it("has no TaskManagers of a Flink that is not ours, and who waits for them waits for its JobManager", () => {
  const application = runOnFlink(describeApplication({ taskManagers: 2 }), { job: "built-in", isExternal: true });
  const names = "kafka redis jobmanager sql-gateway mirror producer validator report";
  expect(application.order.map(({ name }) => name).join(" ")).toBe(names);
  expect(application.members("mirror")[0]?.waitsFor).toEqual([
    { on: "kafka", until: "topicReady" },
    { on: "sql-gateway", until: "ready" },
  ]);
});

it("takes who names a Flink for one who means to use it", () => {
  const flink = { host: "127.0.0.1", port: 8081 };
  const expected = { engine: "flink", infra: "native", flink, sqlGateway: null };
  expect(resolveOptions("stress", { flink: "http://127.0.0.1:8081/" }, {})).toMatchObject(expected);
  const remote = { flink: "http://f:1", sqlGateway: "http://f:2", kafka: "k:9092", allowRemote: true };
  expect(resolveOptions("stress", remote, {})).toMatchObject({ engine: "flink", sqlGateway: { host: "f", port: 2 } });
});

it.each<[Record<string, string | boolean>, RegExp]>([
  [{ flink: "127.0.0.1:8081" }, /--flink is "127.0.0.1:8081": expected http:\/\/HOST:PORT/],
  [{ flink: "https://f:1" }, /expected http:\/\/HOST:PORT, without a path; TLS and passwords are not built/],
  [{ sqlGateway: "http://127.0.0.1:8083" }, /--sql-gateway is the one of a Flink that runs; add --flink/],
  [{ flink: "http://127.0.0.1:1", engine: "apphost" }, /--flink and --engine apphost contradict each other/],
  [
    { flink: "http://f:1", kafka: "k:9092" },
    /http:\/\/f:1, .*k:9092|http:\/\/f:1 is not on this machine.*--allow-remote/,
  ],
  [{ flink: "http://127.0.0.1:1", sqlGateway: "http://g:2" }, /http:\/\/g:2 is not on this machine.*--allow-remote/],
  [{ flink: "http://f:1", allowRemote: true }, /cannot reach a Kafka that listens on its loopback; give the --kafka/],
])("refuses %o", (given, message) => {
  expect(() => resolveOptions("stress", given, {})).toThrow(message);
});

it("takes native servers where nobody says otherwise", () => {
  expect(resolveOptions("stress", { engine: "flink" }, {}).infra).toBe("native");
  expect(resolveOptions("stress", {}, {})).toMatchObject({ engine: "apphost", infra: "auto" });
});

it.each<[Record<string, string>, RegExp]>([
  [{ infra: "docker", flink: "http://127.0.0.1:1" }, /--flink with --infra docker is not built.*give --infra native/],
  [{ infra: "docker", kafka: "127.0.0.1:9092" }, /--infra docker with --kafka is not built.*omit --kafka/],
  [{ infra: "docker", redis: "redis://127.0.0.1:6379" }, /--infra docker with --redis is not built/],
  [{ messages: "0", topic: "theirs" }, /the built-in job .* not what is in somebody else's topic.*--sql/],
  [{ testOperator: "test-drop-one" }, /--test-operator test-drop-one is none of --engine flink/],
])("refuses %o with it", (given, message) => {
  expect(() => resolveOptions("stress", { engine: "flink", ...given }, {})).toThrow(message);
});

it("gives a job of the user's own what is in a topic", () => {
  const job = { engine: "flink", messages: "0", topic: "orders", kafka: "127.0.0.1:9092", sql: "job.sql" };
  expect(resolveOptions("stress", job, {})).toMatchObject({ messages: 0, topic: "orders", sql: "job.sql" });
});

it("runs in containers beside those of Kafka and Redis", () => {
  const options = resolveOptions("stress", { engine: "flink", infra: "docker" }, {});
  expect(options).toMatchObject({ infra: "docker", flinkImage: "flink:2.2.1-java17", kafkaConnector: null });
});

it("says what is missing before anything is started", async () => {
  await expect(requireFlink({ taskManagers: 1, partitions: 1 }, {})).rejects.toThrow(
    /Flink cannot run in mode native: FLINK_HOME is not set/,
  );
});
