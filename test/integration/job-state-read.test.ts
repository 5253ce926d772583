/** The validator's read of a Redis that was restarted a moment ago: what is no fact of the job yet is read again. */

import { afterEach, beforeEach, expect, it } from "vitest";
import { readSettledJobState } from "../../scripts/validate/job-state-read.ts";
import type { RedisConnection } from "../../simulator/clients/redis/connection.ts";
import { openRedis } from "../../simulator/clients/redis/reader.ts";
import type { ValidatorTask } from "../../simulator/common/contract/child/tasks.ts";
import type { CheckpointFile, RecoveriesFile } from "../../simulator/common/contract/files/checkpoint.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { type EmbeddedRedis, startEmbeddedRedis } from "../../simulator/embedded/redis/server.ts";
import { writeDurably } from "../../simulator/runtime/checkpoint/durable-file.ts";
import { buildInitialFields } from "../../simulator/runtime/checkpoint/recovery-state.ts";
import { redisAt } from "../support/addresses.ts";
import { createTestRun, type TestRun } from "./producer-child.ts";

const log = createLog(() => undefined);
/** Longer than the test may take, and than what it waits for. */
const SETTLE_MS = 20_000;

let redis: EmbeddedRedis;
let run: TestRun;
let connection: RedisConnection;

beforeEach(async () => {
  redis = await startEmbeddedRedis({ port: 0, password: "secret", log });
  run = await createTestRun({ kafka: "", redis: `redis://:secret@127.0.0.1:${redis.port}` });
  connection = await openRedis(redisAt(run.redis));
});
afterEach(async () => {
  connection.close();
  await redis.close();
  await run.remove();
});

const read = (settleMs: number, task: Partial<ValidatorTask> = {}) =>
  readSettledJobState({
    redis: redisAt(run.redis),
    runDir: run.runDir,
    config: run.config,
    task: { rounds: [], mode: "drained", endOffsets: null, startOffsets: null, sharedRedis: false, ...task },
    log,
    signal: new AbortController().signal,
    settleMs,
  });

function buildState(life: string, redisRunId: string): Record<string, string> {
  return buildInitialFields({ life, redisRunId, epoch: 1 }, [0, 0, 0]);
}

async function writeState(life: string, redisRunId: string): Promise<void> {
  await connection.transport.call("HSET", [
    run.config.stateKey,
    ...Object.entries(buildState(life, redisRunId)).flat(),
  ]);
}

async function writeCheckpoint(redisRunId: string): Promise<void> {
  const { jobId } = run.config;
  const state = buildState("life-1", redisRunId);
  const file: CheckpointFile = { schema: 1, id: 7, kind: "final", jobId, epoch: 1, completedAtUs: 1, state };
  await writeDurably(`${runFolder.checkpoints(run.runDir)}/chk-7/_metadata`, JSON.stringify(file));
}

async function publish(total: string): Promise<void> {
  const { publishedKey, counterKey, sequenceKey } = run.config;
  await connection.transport.call("MSET", [publishedKey, total, counterKey, total, sequenceKey, total]);
}

it("takes a state of the living server at once", async () => {
  await writeState("life-1", redis.runId);
  expect(await read(SETTLE_MS)).toMatchObject({ state: { kind: "complete" }, unsettled: null });
});

it("takes a state that vanished from the living server as missing at once", async () => {
  await writeCheckpoint(redis.runId);
  expect(await read(SETTLE_MS)).toMatchObject({ state: { kind: "missing" }, unsettled: null });
});

it.each(["a server before this one", "nothing"] as const)(
  "waits for the recovery of what a restarted server holds of %s",
  async (held) => {
    await writeCheckpoint("server-before");
    if (held !== "nothing") await writeState("life-1", "server-before");
    const reading = read(SETTLE_MS);
    await writeState("life-2", redis.runId);
    expect(await reading).toMatchObject({ state: { kind: "complete", state: { life: "life-2" } } });
  },
);

it("waits for the view of a recovered life", async () => {
  const recovery = { life: "life-2", atUs: 1, from: "checkpoint", reason: "test", offsets: [0, 0, 0] } as const;
  const file: RecoveriesFile = { schema: 1, recoveries: [recovery] };
  await writeDurably(runFolder.recoveries(run.runDir), JSON.stringify(file));
  await writeState("life-2", redis.runId);
  const reading = read(SETTLE_MS);
  await publish("0");
  expect(await reading).toMatchObject({ published: { own: "0", counter: "0", sequence: "0" } });
});

it("does not wait for the shared keys of a recovered life: another job may write them", async () => {
  const recovery = { life: "life-2", atUs: 1, from: "checkpoint", reason: "test", offsets: [0, 0, 0] } as const;
  await writeDurably(runFolder.recoveries(run.runDir), JSON.stringify({ schema: 1, recoveries: [recovery] }));
  await writeState("life-2", redis.runId);
  await publish("0");
  await connection.transport.call("SET", [run.config.counterKey, "77"]);
  expect(await read(SETTLE_MS)).toMatchObject({ published: { own: "0", counter: "77" } });
});

it.each(["nothing", "what an older file had"] as const)(
  "says that it is no fact when nobody recovers it, and Redis holds %s",
  async (held) => {
    await writeCheckpoint("server-before");
    if (held !== "nothing") await writeState("life-1", "server-before");
    const found = await read(300);
    expect(found.unsettled).toContain("Redis was restarted, and the state is not recovered");
  },
);

it("looks for other jobs where a shared key differs on a Redis of our own, and only there", async () => {
  await writeState("life-1", redis.runId);
  await publish("0");
  await connection.transport.call("MSET", ["{other}:published", "5", "{other}:state", "x", run.config.counterKey, "5"]);
  expect((await read(SETTLE_MS)).published.otherJobs).toEqual(["{other}:published"]);
  expect((await read(SETTLE_MS, { sharedRedis: true })).published.otherJobs).toEqual([]);
  await publish("0");
  expect((await read(SETTLE_MS)).published.otherJobs).toEqual([]);
});
