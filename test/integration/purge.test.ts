/** `down --purge` with a real Redis and the embedded Kafka as somebody's servers: nothing is forgotten before it is gone. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { RUNS_KEPT, readState } from "../../apphost/run/run-folder.ts";
import { listTopics } from "../../simulator/clients/kafka/admin.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { kafkaAt } from "../support/addresses.ts";
import { describeReal } from "../support/real-parts.ts";
import { type RealRedis, startRealRedis } from "../support/real-redis.ts";
import { type CliResult, findRunDir, runCli } from "../support/run-cli.ts";
import { plantRun } from "../support/run-states.ts";
import { withRedis } from "../support/system.ts";
import { startTestBroker, type TestBroker } from "./embedded-kafka-peer.ts";

const SMALL = ["--messages", "100", "--task-managers", "1", "--partitions", "1"];
const DEAD = { hostStartTime: "1", ended: true };

describeReal(["redis"], "runs on servers of others", () => {
  let broker: TestBroker;
  let redis: RealRedis;
  let project: string;
  beforeAll(async () => {
    [broker, redis] = await Promise.all([startTestBroker(), startRealRedis({ password: "for-this-test" })]);
  });
  afterAll(() => Promise.all([broker?.close(), redis?.stop()]));
  beforeEach(() => {
    project = mkdtempSync(join(tmpdir(), "flink-apphost-purge-"));
  });
  afterEach(() => rmSync(project, { recursive: true, force: true }));

  const kafkaAddress = () => `127.0.0.1:${broker.port}`;
  const topics = () => listTopics({ bootstrap: kafkaAt(kafkaAddress()), log: createLog() });
  const keys = () => withRedis(redis.url, (client) => client.keys("*"));
  const run = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: project });

  async function expectPass(...servers: string[]): Promise<{ runDir: string; runId: string }> {
    const before = new Set(listRunDirs());
    const { exitCode, stdout, stderr } = await run("up", "--once", "--ui", "json", ...SMALL, ...servers);
    expect(exitCode, stdout + stderr).toBe(0);
    const runDir = listRunDirs().find((path) => !before.has(path)) ?? "";
    return { runDir, runId: basename(runDir).slice(-8) };
  }

  function listRunDirs(): string[] {
    if (findRunDir(project) === undefined) return [];
    const runs = join(project, ".flink-apphost", "runs");
    return readdirSync(runs).map((name) => join(runs, name));
  }

  it("are found and purged all at once, also when they are older than the runs that are kept", async () => {
    const servers = ["--kafka", kafkaAddress(), "--redis", redis.url];
    const older = [await expectPass(...servers), await expectPass(...servers)];
    for (let i = 0; i < RUNS_KEPT; i += 1) {
      plantRun(join(project, ".flink-apphost"), `20300101T0000${String(i).padStart(2, "0")}Z-00000000`, DEAD);
    }
    const newer = await expectPass("--infra", "embedded");
    for (const { runDir } of older) {
      expect(readdirSync(runDir).sort()).toEqual([".gitignore", "credentials", "state.json"]);
    }
    expect(await topics()).toHaveLength(2);
    expect((await keys()).length).toBeGreaterThan(4);
    const examined = JSON.parse((await run("doctor", "--format", "json")).stdout) as {
      checks: { id: string; found: string }[];
    };
    const evidence = examined.checks.find(({ id }) => id === "evidence")?.found;
    expect(evidence).toContain(`of 2 runs: ${older[1]?.runId} on Kafka ${kafkaAddress()} and Redis 127.0.0.1`);

    const purged = await run("down", "--purge", "--all");
    expect(purged.exitCode, purged.stderr).toBe(0);
    for (const { runId } of older) {
      expect(purged.stdout).toMatch(
        new RegExp(`run ${runId}: removed topic \\S+ and group \\S+ from ${kafkaAddress()}`),
      );
      expect(purged.stdout).toMatch(new RegExp(`run ${runId}: removed \\d keys from Redis`));
    }
    expect(purged.stdout).not.toContain(newer.runId);
    expect(await topics()).toEqual([]);
    expect(await keys()).toEqual([]);

    const again = await run("down", "--purge", "--all");
    expect(again.stdout).toContain("has anything on servers of others");
    // What is purged is an old run like any other.
    await expectPass("--infra", "embedded");
    expect(listRunDirs()).not.toEqual(expect.arrayContaining([older[0]?.runDir]));
  });

  it("are purged where their servers answer, and of the others it is told why not, with that exit code", async () => {
    const here = await expectPass("--kafka", kafkaAddress(), "--redis", redis.url);
    const evidence = readState(here.runDir)?.evidence;
    if (evidence == null) throw new Error(`${here.runDir} has no evidence`);
    const base = join(project, ".flink-apphost");
    // Port 1 of this machine answers nobody. The second has no credentials, either.
    const away = { ...evidence, kafka: "127.0.0.1:1", redis: null };
    const awayRun = plantRun(base, "20300101T000000Z-aaaaaaaa", { ...DEAD, evidence: away });
    const strange = { ...evidence, kafka: null, counterKey: "my:counter", sequenceKey: "my:sequence" };
    const strangeRun = plantRun(base, "20300101T000001Z-bbbbbbbb", { ...DEAD, evidence: strange });

    const purged = await run("down", "--purge", "--all");
    expect(purged.exitCode, purged.stdout + purged.stderr).toBe(2);
    expect(purged.stderr).toMatch(/run bbbbbbbb was not purged: .*credentials of Redis .*give its URL with --redis/);
    expect(purged.stderr).toMatch(/run aaaaaaaa was not purged: .*127\.0\.0\.1:1/);
    expect(purged.stdout).toContain(`run ${here.runId}: removed topic`);
    expect(await topics()).toEqual([]);
    expect(readState(here.runDir)?.evidence).toBeNull();
    expect(readState(awayRun)?.evidence).toEqual(away);

    expect(await keys()).toEqual([]);

    const names = ["--counter-key", "my:counter", "--sequence-key", "my:sequence"];
    const given = await run("down", "--purge", "bbbbbbbb", "--redis", redis.url, ...names);
    expect(given.exitCode, given.stdout + given.stderr).toBe(0);
    expect(readState(strangeRun)?.evidence).toBeNull();
  });

  it("are not purged while their host lives", async () => {
    const base = join(project, ".flink-apphost");
    const evidence = {
      topic: "flow",
      ownTopic: true,
      warmUpTopic: null,
      countsTopic: null,
      group: "group",
      stateKey: "state",
      counterKey: "counter",
      sequenceKey: "sequence",
      kafka: kafkaAddress(),
      redis: null,
    };
    plantRun(base, "20300101T000000Z-aaaaaaaa", { ...DEAD });
    // Of this process as its host, which lives; `down --run` would end it, and names the other one.
    plantRun(base, "20300101T000001Z-bbbbbbbb", { evidence });
    const purged = await run("down", "--run", "aaaaaaaa", "--purge", "bbbbbbbb");
    expect(purged.exitCode, purged.stdout + purged.stderr).toBe(2);
    expect(purged.stderr).toContain("run bbbbbbbb still runs");
  });
});
