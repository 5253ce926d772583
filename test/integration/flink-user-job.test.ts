/** Jobs of the user's own on a real Apache Flink, held against an expectation: exact, and a row that was tampered with. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax of a user's SQL
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Report } from "../../simulator/common/contract/files/report.ts";
import { killBehindSavepoint } from "../support/final-savepoint.ts";
import { type RealKafka, startRealKafka } from "../support/real-kafka.ts";
import { describeReal } from "../support/real-parts.ts";
import { runCli, startCli } from "../support/run-cli.ts";
import { createKafka, expectExit } from "../support/system.ts";
import { createUserProject } from "../support/user-project.ts";
import { WINDOW_PROJECT } from "../support/window-job.ts";

const COPY_JOB = new URL("../fixtures/copy-job/CopyJob.java", import.meta.url);
const RUN_MS_MAX = 420_000;
const environment = {
  FLINK_HOME: process.env["FLINK_HOME"] ?? "",
  KAFKA_HOME: process.env["KAFKA_HOME"] ?? "",
};

/** `value`: SQL, of what becomes of a message. */
const jobText = (value: string, more = ""): string => `
-- Copies each message; it's of \${NOBODY}; and goes on
CREATE TABLE input (payload STRING) WITH (
  'connector' = 'kafka', 'topic' = '\${INPUT_TOPIC}', 'properties.group.id' = '\${KAFKA_GROUP_ID}',
  'properties.bootstrap.servers' = '\${KAFKA_BOOTSTRAP_SERVERS}', 'scan.startup.mode' = 'earliest-offset', 'format' = 'raw'${more}
);
CREATE TABLE copies (payload STRING) WITH (
  'connector' = 'kafka', 'topic' = '\${OUTPUT_TOPIC}', 'properties.bootstrap.servers' = '\${KAFKA_BOOTSTRAP_SERVERS}',
  'properties.transaction.timeout.ms' = '900000', 'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'copies-\${OUTPUT_TOPIC}', 'format' = 'raw'
);
INSERT INTO copies SELECT ${value} FROM input;
`;

const EXPECTATION = `
import { defineExpectation, type TopicRecord } from "flink-apphost";

const idOf = (record: TopicRecord) => record.json<{ id: string }>().id;

export default defineExpectation({
  eachOnce: { input: idOf, output: idOf },
  mapping: ({ value }) => ({ value }),
});
`;

/** Runs a job in a project with these files, to the verdict. */
async function judgeJob(
  files: Readonly<Record<string, string>>,
  job: (folder: string) => readonly string[],
  exitCode: number,
): Promise<Report> {
  const project = createUserProject({ ...files, "expect.ts": EXPECTATION });
  const line = "stress --engine flink --infra native --ui json --task-managers 1 --partitions 2 --messages 3000";
  const args = [...line.split(" "), "--expect", "expect.ts", ...job(project.folder)];
  const cli = startCli(args, { cwd: project.folder, env: environment, deadlineMs: RUN_MS_MAX });
  try {
    const report = await expectExit(cli, await cli.end(), exitCode);
    const idsWith = (status: string) => report.checks.filter((check) => check.status === status).map(({ id }) => id);
    expect(idsWith("failed")).toEqual(exitCode === 0 ? [] : ["expect-mapping"]);
    expect(idsWith("unknown")).toEqual([]);
    expect(idsWith("passed")).toEqual(expect.arrayContaining(["topic-ids", "input-read", "expect-once"]));
    expect(idsWith("notApplicable")).toEqual(expect.arrayContaining(["store-state", "I7-fencing", "expect-totals"]));
    expect(report.messages).toMatchObject({ processed: 3000, lost: 0, duplicated: 0 });
    return report;
  } finally {
    await cli.dispose();
    project.remove();
  }
}

describeReal(["flink", "kafka", "redis"], "a user's SQL on Apache Flink", () => {
  const job = () => ["--sql", "job.sql"];

  it("passes where each message is copied once", { timeout: RUN_MS_MAX }, async () => {
    await judgeJob({ "job.sql": jobText("payload") }, job, 0);
  });

  it("fails and names the row that was tampered with", { timeout: RUN_MS_MAX }, async () => {
    const tampered = "REPLACE(payload, 'sample-data', 'SAMPLE-data')";
    const value = `CASE WHEN payload LIKE '%000000001234%' THEN ${tampered} ELSE payload END`;
    const { reasons } = await judgeJob({ "job.sql": jobText(value) }, job, 4);
    expect(reasons[0]).toMatch(
      /expect-mapping\): output partition \d offset \d+ holds .*SAMPLE-data-000000001234.* for input partition \d offset \d+; expected .*sample-data-000000001234/,
    );
  });
});

describeReal(["flink", "kafka", "redis"], "what a user's SQL lets go of as it ends", () => {
  it.each(["jobmanager", "taskmanager-01"])(
    "is committed, also where %s is killed right behind the final savepoint",
    { timeout: RUN_MS_MAX },
    async (killed) => {
      const project = createUserProject(WINDOW_PROJECT);
      const line = "stress --engine flink --infra native --ui json --task-managers 3 --partitions 3 --messages 9000";
      const args = [...line.split(" "), "--sql", "job.sql", "--expect", "expect.ts"];
      const cli = startCli(args, { cwd: project.folder, env: environment, deadlineMs: RUN_MS_MAX });
      try {
        await killBehindSavepoint(cli, killed);
        const report = await expectExit(cli, await cli.end(), 0);
        expect(report.checks.find(({ id }) => id === "expect-totals")?.status).toBe("passed");
      } finally {
        await cli.dispose();
        project.remove();
      }
    },
  );
});

describeReal(["flink", "kafka", "redis"], "a user's SQL on a topic of the user's own", () => {
  let kafka: RealKafka;
  let bootstrap: string;

  /**
   * Of four partitions one begins at offset 10, one is empty, one has nothing but a marker at offset 5, and two end with
   * aborted records and markers.
   */
  beforeAll(async () => {
    kafka = await startRealKafka();
    bootstrap = `127.0.0.1:${kafka.port}`;
    const client = createKafka(bootstrap);
    const admin = client.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: "orders", numPartitions: 4 }], waitForLeaders: true });
    const producer = client.producer({ transactionalId: "orders", idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    const send = async (first: number, count: number, how: "commit" | "abort", to?: number) => {
      const transaction = await producer.transaction();
      const messages = Array.from({ length: count }, (_, i) => ({
        partition: to ?? (first + i) % 2,
        value: JSON.stringify({ id: `order-${first + i}` }),
      }));
      await transaction.send({ topic: "orders", messages });
      await transaction[how]();
    };
    await send(0, 20, "commit");
    await send(900_000, 5, "commit", 3);
    // It asks only brokers that it knows from the topic's metadata.
    await admin.fetchTopicOffsets("orders");
    await admin.deleteTopicRecords({
      topic: "orders",
      partitions: [
        { partition: 0, offset: "10" },
        { partition: 3, offset: "5" },
      ],
    });
    await send(20, 1_000, "commit");
    await send(5_000, 50, "abort");
    await producer.disconnect();
    await admin.disconnect();
  });
  afterAll(() => kafka?.stop());

  it.each([
    ["passes with committed records alone", ", 'properties.isolation.level' = 'read_committed'", 0],
    ["fails and names aborted records that were copied, too", "", 4],
  ])("%s", { timeout: RUN_MS_MAX }, async (_, isolation, exitCode) => {
    const project = createUserProject({ "job.sql": jobText("payload", isolation), "expect.ts": EXPECTATION });
    const line = `stress --engine flink --infra native --ui json --task-managers 1 --kafka ${bootstrap} --topic orders`;
    const job = ["--messages", "0", "--sql", "job.sql", "--expect", "expect.ts"];
    const options = { cwd: project.folder, env: environment, deadlineMs: RUN_MS_MAX };
    const cli = startCli([...line.split(" "), ...job], options);
    try {
      const report = await expectExit(cli, await cli.end(), exitCode);
      expect(report.messages).toMatchObject({ processed: 1_010, lost: 0, duplicated: 0 });
      const checkOf = (id: string) => report.checks.find((check) => check.id === id);
      expect(checkOf("input-read")).toMatchObject({ status: "passed" });
      expect(checkOf("expect-once")).toMatchObject({ status: exitCode === 0 ? "passed" : "failed", examined: 1_010 });
      expect(report.checks.filter(({ status }) => status === "unknown")).toEqual([]);
      // Which partition of the output has the first record of each input partition is Flink's choice.
      if (exitCode === 4) expect(report.reasons[0]).toMatch(/whose identity "order-500[01]" no input has/);
    } finally {
      await cli.dispose();
      project.remove();
    }
  });
});

describeReal(["flink", "kafka", "redis", "javac"], "a user's jar on Apache Flink", () => {
  it("passes with its class, and variables in its arguments", { timeout: RUN_MS_MAX }, async () => {
    const names = ["KAFKA_BOOTSTRAP_SERVERS", "INPUT_TOPIC", "KAFKA_GROUP_ID", "OUTPUT_TOPIC"];
    const job = (folder: string) => {
      const libraries = join(environment.FLINK_HOME, "lib", "*");
      run("javac", ["--release", "17", "-cp", libraries, "-d", join(folder, "classes"), fileURLToPath(COPY_JOB)]);
      run("jar", ["--create", "--file", join(folder, "copy.jar"), "-C", join(folder, "classes"), "."]);
      return ["--jar", "copy.jar", "--class", "CopyJob", "--", ...names.map((name) => `\${${name}}`)];
    };
    await judgeJob({}, job, 0);
  });
});

function run(program: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
  expect(status, stderr).toBe(0);
}

it("refuses an unknown variable, or an expectation that is none, before anything is started", async () => {
  const project = createUserProject({ "job.sql": jobText("'${SOMETHING}'"), "expect.ts": "export default 1;" });
  const refuse = (...more: string[]) =>
    runCli(["stress", "--engine", "flink", "--sql", "job.sql", ...more], { cwd: project.folder, env: environment });
  try {
    const unknown = await refuse();
    expect(unknown).toMatchObject({ exitCode: 2, stdout: "" });
    expect(unknown.stderr).toMatch(/line 12 has the unknown variable \$\{SOMETHING\}/);
    writeFileSync(join(project.folder, "job.sql"), jobText("payload"));
    const none = await refuse("--expect", "expect.ts");
    expect(none.stderr).toMatch(/expect.ts cannot be used as an expectation: it has no default export/);
    expect(none.exitCode).toBe(2);
  } finally {
    project.remove();
  }
});
