/**
 * The independent reader on a real Kafka and a real Redis: it agrees with right verdicts, of passed and of failed runs, and
 * finds what is changed in the topic, in the hash, in the ledger and in the report behind the run's back.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import {
  jobIdOf,
  PROCESSED_MESSAGE_COUNTER_KEY,
  stateKeyOf,
  topicName,
} from "../../simulator/common/contract/names.ts";
import { ChaosServers } from "../support/chaos/chaos-servers.ts";
import { readEvidence } from "../support/independent/evidence.ts";
import { type Judgement, judge } from "../support/independent/judgement.ts";
import { ruleOn } from "../support/independent/ruling.ts";
import { describeReal } from "../support/real-parts.ts";
import { startCli } from "../support/run-cli.ts";
import { createKafka, sendRecord, withRedis } from "../support/system.ts";

const MESSAGES = 2_000;

describeReal(["kafka", "redis", "kcat", "redis-cli"], "the independent reader", () => {
  let servers: ChaosServers;
  beforeAll(async () => {
    servers = await ChaosServers.start(1);
  });
  afterAll(() => servers.stop());

  const folders: string[] = [];
  afterEach(async () => {
    await servers.clear();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  interface EndedRun {
    readonly runId: string;
    readonly exitCode: number | null;
    /** A copy of the run's folder, to be changed. */
    readonly runDir: string;
  }

  /** Runs to the end, and keeps what it left: the folder, and everything in Kafka and Redis. */
  async function runToEnd(...args: readonly string[]): Promise<EndedRun> {
    const infra = ["--kafka", servers.bootstrap, "--redis", servers.redisUrl, "--task-managers", "2"];
    const messages = ["--messages", String(MESSAGES), "--partitions", "4"];
    const cli = startCli(["up", "--once", "--ui", "json", ...infra, ...messages, ...args]);
    try {
      const { exitCode } = await cli.end();
      const runDir = mkdtempSync(join(tmpdir(), "flink-apphost-ended-"));
      folders.push(runDir);
      cpSync(await cli.runDir(), runDir, { recursive: true });
      return { runId: await cli.runId(), exitCode, runDir };
    } finally {
      await cli.dispose();
    }
  }

  async function rule({ runId, exitCode, runDir }: EndedRun) {
    const { bootstrap, redisUrl } = servers;
    const of = { bootstrap, redisUrl, runDir, topic: topicName(runId) };
    const evidence = await readEvidence({ ...of, requested: MESSAGES, idMax: MESSAGES });
    const { judgement, wrongs } = ruleOn(
      { exitCode, reportText: readFileSync(join(runDir, "report.json"), "utf8") },
      evidence,
    );
    return { judgement, wrongs: wrongs.join("\n") };
  }

  const kindsOf = ({ violations }: Judgement) => violations.map(({ kind }) => kind);

  it("agrees with a pass, and contradicts it when the hash in Redis is changed, or gone", async () => {
    const run = await runToEnd();
    expect(await rule(run)).toMatchObject({ wrongs: "", judgement: { finding: { kind: "exact" } } });
    const key = stateKeyOf(jobIdOf(run.runId));
    const changes: readonly (readonly [(redis: Redis, by: 1 | -1) => Promise<unknown>, object, string])[] = [
      [(redis, by) => redis.hincrby(key, "count:3", by), { lost: 0, duplicated: 1 }, "effect"],
      [(redis, by) => redis.hincrby(key, "count:3", -by), { lost: 1, duplicated: 0 }, "effect"],
      [(redis, by) => redis.hincrby(key, "idMix:0", by), { lost: 1, duplicated: 1 }, "effect"],
      [(redis, by) => redis.hincrby(key, "offset:1", -by), { lost: 0, unprocessed: 1 }, "behind"],
      [(redis, by) => redis.hincrby(key, "total", by), { lost: 0 }, "total"],
      [(redis, by) => redis.incrby(PROCESSED_MESSAGE_COUNTER_KEY, by), { lost: 0 }, "published"],
      [(redis, by) => redis.incrby(key.replace(/state$/, "published"), by), { lost: 0 }, "published"],
    ];
    for (const [change, counts, kind] of changes) {
      await withRedis(servers.redisUrl, (redis) => change(redis, 1));
      const { judgement, wrongs } = await rule(run);
      await withRedis(servers.redisUrl, (redis) => change(redis, -1));
      expect(wrongs).toContain("FALSE PASS");
      expect(kindsOf(judgement)).toContain(kind);
      if (kind !== "behind") expect(judgement.counts).toMatchObject(counts);
    }
    await withRedis(servers.redisUrl, (redis) => redis.del(key));
    expect((await rule(run)).judgement.finding.kind).toBe("unknown");
  });

  it.each([
    ["test-drop-one", 1, 0],
    ["test-repeat-one", 0, 1],
  ])("agrees with a failure: %s", async (operator, lost, duplicated) => {
    const run = await runToEnd("--test-operator", operator);
    expect(run.exitCode).toBe(4);
    expect(await rule(run)).toMatchObject({ wrongs: "", judgement: { counts: { lost, duplicated } } });
  });

  it("finds records that came later, and a report and a ledger that say something else", async () => {
    const run = await runToEnd();
    const change = (file: string, from: RegExp, to: string) => {
      const path = join(run.runDir, file);
      const before = readFileSync(path, "utf8");
      expect(before).toMatch(from);
      writeFileSync(path, before.replace(from, to));
      return () => writeFileSync(path, before);
    };
    const restoreReport = change("report.json", /"processed":\s*2000/, '"processed": 1999');
    expect((await rule(run)).wrongs).toBe("the report says processed 1999, the reader 2000");
    restoreReport();
    const restoreLedger = change("ledger-1.json", /"idSum":\s*\d+/, '"idSum": 7');
    expect(kindsOf((await rule(run)).judgement)).toEqual(["ledgerDiffers"]);
    restoreLedger();
    const topic = topicName(run.runId);
    await sendRecord(servers.bootstrap, topic, 1, '{"id":"7"}');
    await sendRecord(servers.bootstrap, topic, 2, '{"id":2001}');
    await sendRecord(servers.bootstrap, topic, 3, "no message\nat all");
    const { judgement, wrongs } = await rule(run);
    expect(wrongs).toContain("FALSE PASS");
    expect(judgement.counts).toMatchObject({ inKafka: 2_003, unprocessed: 3, lost: 0, duplicated: 1 });
    expect(kindsOf(judgement)).toEqual(expect.arrayContaining(["topicRepeated", "topicForeign", "rejected", "behind"]));
  });

  it("finds what is missing in a topic", async () => {
    const producer = createKafka(servers.bootstrap).producer();
    await servers.createTopic("short");
    await producer.connect();
    const messages = [1, 2, 3, 5, 6].map((id) => ({ value: JSON.stringify({ id }), partition: id % 3 }));
    await producer.send({ topic: "short", messages });
    await producer.disconnect();
    const runDir = mkdtempSync(join(tmpdir(), "flink-apphost-ended-"));
    folders.push(runDir);
    const partitions = Array.from({ length: 20 }, (_, p) => ({
      p,
      acknowledged: p < 3 ? 2 : 0,
      idSum: 0,
      idMix: 0,
      endOffset: 2,
    }));
    const ledger = { round: 1, outcome: "finished", messages: 6, acknowledged: 6, partitions };
    writeFileSync(join(runDir, "ledger-1.json"), JSON.stringify(ledger));
    const { bootstrap, redisUrl } = servers;
    const of = { bootstrap, redisUrl, runDir, topic: "short" };
    const judgement = judge(await readEvidence({ ...of, requested: 6, idMax: 6 }));
    expect(judgement.violations[0]).toMatchObject({
      kind: "topicLost",
      text: "1 acknowledged messages are not in the topic",
    });
  });
});
