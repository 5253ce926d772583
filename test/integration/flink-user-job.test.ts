/** A job of the user's own on a real Apache Flink, held against an expectation: exact, and a row that was tampered with. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax of a user's SQL
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { describeReal } from "../support/real-parts.ts";
import { runCli, startCli } from "../support/run-cli.ts";
import { expectExit } from "../support/system.ts";
import { createUserProject } from "../support/user-project.ts";

const RUN_MS_MAX = 420_000;
const environment = {
  FLINK_HOME: process.env["FLINK_HOME"] ?? "",
  KAFKA_HOME: process.env["KAFKA_HOME"] ?? "",
};

/** `value`: SQL, of what becomes of a message. */
const jobText = (value: string): string => `
-- Copies each message; it's of \${NOBODY}; and goes on
CREATE TABLE input (payload STRING) WITH (
  'connector' = 'kafka', 'topic' = '\${INPUT_TOPIC}', 'properties.group.id' = '\${KAFKA_GROUP_ID}',
  'properties.bootstrap.servers' = '\${KAFKA_BOOTSTRAP_SERVERS}', 'scan.startup.mode' = 'earliest-offset', 'format' = 'raw'
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

describeReal(["flink", "kafka", "redis"], "a user's SQL on Apache Flink", () => {
  it.each<[string, string, number, RegExp | null]>([
    ["passes where each message is copied once", "payload", 0, null],
    [
      "fails and names the row that was tampered with",
      "CASE WHEN payload LIKE '%000000001234%' THEN REPLACE(payload, 'sample-data', 'SAMPLE-data') ELSE payload END",
      4,
      /expect-mapping\): output partition \d offset \d+ holds .*SAMPLE-data-000000001234.* for input partition \d offset \d+; expected .*sample-data-000000001234/,
    ],
  ])("%s", { timeout: RUN_MS_MAX }, async (_, value, exitCode, reason) => {
    const project = createUserProject({ "job.sql": jobText(value), "expect.ts": EXPECTATION });
    const line = "stress --engine flink --infra native --ui json --task-managers 1 --partitions 2 --messages 3000";
    const args = [...line.split(" "), "--sql", "job.sql", "--expect", "expect.ts"];
    const cli = startCli(args, { cwd: project.folder, env: environment, deadlineMs: RUN_MS_MAX });
    try {
      const report = await expectExit(cli, await cli.end(), exitCode);
      const idsWith = (status: string) => report.checks.filter((check) => check.status === status).map(({ id }) => id);
      expect(idsWith("failed")).toEqual(exitCode === 0 ? [] : ["expect-mapping"]);
      expect(idsWith("passed")).toEqual(expect.arrayContaining(["topic-ids", "input-read", "expect-once"]));
      expect(idsWith("notApplicable")).toEqual(expect.arrayContaining(["store-state", "I7-fencing", "expect-totals"]));
      expect(report.messages).toMatchObject({ processed: 3000, lost: 0, duplicated: 0 });
      if (reason !== null) expect(report.reasons[0]).toMatch(reason);
    } finally {
      await cli.dispose();
      project.remove();
    }
  });
});

it("refuses an unknown variable, or an expectation that is none, before anything is started", async () => {
  const project = createUserProject({ "job.sql": jobText("'${SOMETHING}'"), "expect.ts": "export default 1;" });
  const run = (...more: string[]) =>
    runCli(["stress", "--engine", "flink", "--sql", "job.sql", ...more], { cwd: project.folder, env: environment });
  try {
    const unknown = await run();
    expect(unknown).toMatchObject({ exitCode: 2, stdout: "" });
    expect(unknown.stderr).toMatch(/line 12 has the unknown variable \$\{SOMETHING\}/);
    writeFileSync(join(project.folder, "job.sql"), jobText("payload"));
    const none = await run("--expect", "expect.ts");
    expect(none.stderr).toMatch(/expect.ts cannot be used as an expectation: it has no default export/);
    expect(none.exitCode).toBe(2);
  } finally {
    project.remove();
  }
});
