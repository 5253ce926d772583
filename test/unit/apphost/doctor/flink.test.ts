/** What `doctor` says of Apache Flink with the options that ask for it, and with those that do not. */
import { expect, it } from "vitest";
import { runChecks } from "../../../../apphost/doctor/check.ts";
import { judgeRoom, planFlinkChecks } from "../../../../apphost/doctor/flink.ts";

const SERVED_HERE = {
  engine: "apphost",
  infra: "native",
  flink: null,
  sqlGateway: null,
  taskManagers: 1,
  partitions: 1,
  kafkaConnector: null,
} as const;
const NO_ENGINE = { flinkImage: () => expect.fail("nobody needs an image") };
const NOBODY = { host: "127.0.0.1", port: 1 };

it("has no row for this runtime", async () => {
  expect(await runChecks(planFlinkChecks(SERVED_HERE, {}, NO_ENGINE))).toEqual([]);
});

it("looks at FLINK_HOME and memory where the host starts Flink, and at neither where all of it runs already", async () => {
  const started = await runChecks(planFlinkChecks({ ...SERVED_HERE, engine: "flink" }, {}, NO_ENGINE));
  expect(started.map(({ id }) => id)).toEqual(["flink-home", "flink-memory"]);
  expect(started[0]).toMatchObject({ result: "failed", reason: "FLINK_HOME is not set" });
  const addresses = { flink: NOBODY, sqlGateway: NOBODY };
  const external = await runChecks(planFlinkChecks({ ...SERVED_HERE, engine: "flink", ...addresses }, {}, NO_ENGINE));
  expect(external).toMatchObject([
    { id: "flink", result: "failed", found: "http://127.0.0.1:1", reason: expect.stringMatching(/nobody listens at/) },
  ]);
});

it("looks for the image and the Kafka connector where Flink is to run in containers", async () => {
  const options = { ...SERVED_HERE, engine: "flink", infra: "docker" } as const;
  const image = { flinkImage: async () => ({ name: "flink:1", isLocal: true }) };
  const bare = await runChecks(planFlinkChecks(options, {}, image));
  expect(bare.map(({ id }) => id)).toEqual(["flink-image", "kafka-connector", "flink-memory"]);
  expect(bare[0]).toMatchObject({ result: "ok", found: "flink:1 is on this machine" });
  expect(bare[1]).toMatchObject({ result: "warning", fix: expect.stringContaining("--kafka-connector FILE") });
  const given = { ...options, kafkaConnector: "/nowhere/connector.jar" };
  const [, lost] = await runChecks(planFlinkChecks(given, {}, image));
  expect(lost).toMatchObject({ result: "failed", found: "/nowhere/connector.jar", reason: "there is no such file" });
});

it("says how many TaskManagers fit", () => {
  expect(judgeRoom({ taskManagers: 1, partitions: 1 }, 64 * 1024 ** 3)).toMatchObject({
    result: "ok",
    found: "65536 MiB available",
  });
  expect(judgeRoom({ taskManagers: 5, partitions: 5 }, 3_220 * 1024 ** 2)).toMatchObject({
    result: "failed",
    fix: "give --task-managers 3, or free memory",
  });
});
