/**
 * A host that has nothing to do: it writes nothing, and whatever comes then is counted as before. The clock of these
 * tests is the JobManager's look at the state, one each checkpoint interval, which Redis counts.
 */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jobIdOf, stateKeyOf } from "../../simulator/common/contract/names.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { type Cli, runCli, startCli } from "../support/run-cli.ts";
import { createKafka, readRunVariables, sendRecord, withRedis } from "../support/system.ts";

const INTERVAL = ["--checkpoint-interval", "200"];
/** So many looks take longer than a TaskManager's fetches need to become long ones. */
const LOOKS = 20;
const MESSAGE = '{"id": 7}';

describe("an idle host", () => {
  let host: Cli;
  let variables: Readonly<Record<string, string>>;
  beforeAll(async () => {
    const size = ["--messages", "2000", "--task-managers", "3", "--partitions", "8"];
    host = startCli(["up", ...size, ...INTERVAL, "--infra", "embedded", "--ui", "json"]);
    await host.waitForEvent("phase", (event) => event.phase === "idle");
    variables = await readRunVariables(host.cwd);
  });
  afterAll(() => host.dispose());

  const ask = <T>(work: (redis: Redis) => Promise<T>) => withRedis(variables["REDIS_URL"] as string, work);

  /** Settles when the JobManager has looked at the state so often. */
  const untilLooked = (looks: number) =>
    ask(async (redis) => {
      let own = 0;
      const count = async () => {
        own += 1;
        const match = /total_commands_processed:(\d+)/.exec(await redis.info("stats"));
        return Number(match?.[1]) - own;
      };
      const before = await count();
      const look = async () => ((await count()) - before >= looks ? true : undefined);
      await waitUntil(look, { what: `${looks} looks at the state`, deadlineMs: 30_000, intervalMs: 100 });
    });

  /** All that the host has said and written: each file with its size and the time of its last change. */
  const readEvidence = async () => {
    const folder = await host.runDir();
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => {
      const { size, mtimeMs } = statSync(join(folder, name));
      return [name, size, mtimeMs];
    });
    return { files: files.toSorted(), printed: host.output().stdout.length };
  };

  /** Settles once nothing was written between two looks that are far apart. */
  const untilSettled = () => {
    const look = async () => {
      const before = await readEvidence();
      await untilLooked(5);
      return JSON.stringify(before) === JSON.stringify(await readEvidence()) || undefined;
    };
    return waitUntil(look, { what: "a host that writes nothing", deadlineMs: 30_000 });
  };

  it("writes nothing, takes no checkpoint and says nothing once it has settled", async () => {
    await untilSettled();
    const before = await readEvidence();
    expect(before.files.map(([name]) => name)).toContain("metrics.ndjson");
    await untilLooked(LOOKS);
    expect(await readEvidence()).toEqual(before);
  });

  it("counts what is produced then, exactly, and settles again", async () => {
    const { exitCode, stderr } = await runCli(["produce", "--messages", "3000"], { cwd: host.cwd });
    expect(exitCode, stderr).toBe(0);
    const verdict = (await host.events()).findLast((event) => event.type === "verdict");
    expect(verdict).toMatchObject({ verdict: "passed", processed: 5_000, lost: 0, duplicated: 0 });
    await untilSettled();
  });

  it("moves partitions then, and counts on where they are", async () => {
    await untilLooked(LOOKS);
    const scaled = await runCli(["scale", "taskmanager", "5"], { cwd: host.cwd });
    expect(scaled.exitCode, scaled.stderr).toBe(0);
    const { exitCode, stderr } = await runCli(["produce", "--messages", "1000"], { cwd: host.cwd });
    expect(exitCode, stderr).toBe(0);
  });

  it("counts what somebody else writes to a topic that it only watches", async () => {
    const bootstrap = variables["KAFKA_BOOTSTRAP_SERVERS"] as string;
    const admin = createKafka(bootstrap).admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: "theirs", numPartitions: 2 }] });
    await admin.disconnect();
    await sendRecord(bootstrap, "theirs", 0, MESSAGE);
    const servers = ["--kafka", bootstrap, "--redis", variables["REDIS_URL"] as string, "--task-managers", "2"];
    const keys = ["--counter-key", "theirs:counter", "--sequence-key", "theirs:sequence"];
    const watcher = startCli([
      "up",
      "--messages",
      "0",
      "--topic",
      "theirs",
      ...servers,
      ...keys,
      ...INTERVAL,
      "--ui",
      "json",
    ]);
    try {
      await watcher.waitForEvent("phase", (event) => event.phase === "idle");
      const key = stateKeyOf(jobIdOf(await watcher.runId()));
      const untilCounted = (total: number) =>
        ask((redis) =>
          waitUntil(async () => (await redis.hget(key, "total")) === String(total) || undefined, {
            what: `${total} counted records`,
            deadlineMs: 20_000,
          }),
        );
      await untilCounted(1);
      // Two JobManagers look at their states now.
      await untilLooked(2 * LOOKS);
      await sendRecord(bootstrap, "theirs", 1, MESSAGE);
      await untilCounted(2);
      const published = () => ask((redis) => redis.get("theirs:counter"));
      await waitUntil(async () => (await published()) === "2" || undefined, { what: "the view", deadlineMs: 20_000 });
    } finally {
      await watcher.dispose();
    }
  });
});
