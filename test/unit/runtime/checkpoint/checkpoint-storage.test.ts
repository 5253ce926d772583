import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CheckpointFile } from "../../../../simulator/common/contract/files/checkpoint.ts";
import { createLog } from "../../../../simulator/common/foundation/log.ts";
import { CheckpointStorage } from "../../../../simulator/runtime/checkpoint/checkpoint-storage.ts";
import { buildInitialFields } from "../../../../simulator/runtime/checkpoint/recovery-state.ts";

const jobId = "a".repeat(32);
const state = buildInitialFields({ life: "life-1", redisRunId: "run-1", epoch: 1 }, [0, 0]);
let folder: string;
let logged: string[];
let storage: CheckpointStorage;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "checkpoints-"));
  logged = [];
  const log = createLog((line) => logged.push(line));
  storage = new CheckpointStorage({
    folder,
    recoveriesPath: join(folder, "recoveries.json"),
    jobId,
    partitions: 2,
    log,
  });
});
afterEach(() => rm(folder, { recursive: true }));

const checkpoint = (id: number, kind: CheckpointFile["kind"] = "checkpoint"): CheckpointFile => ({
  schema: 1,
  id,
  kind,
  jobId,
  epoch: 1,
  completedAtUs: 1,
  state,
});

test("the newest checkpoint is read back as it was written", async () => {
  await storage.write(checkpoint(0, "initial"));
  await storage.write(checkpoint(7));
  expect((await storage.readNewest())?.file).toEqual(checkpoint(7));
  expect(await storage.listIds()).toEqual([7, 0]);
});

test("what is corrupt, partial, of another job or empty is skipped for the one before, and named in the log", async () => {
  await storage.write(checkpoint(1));
  await storage.write(checkpoint(2));
  const text = await readFile(join(folder, "chk-2", "_metadata"), "utf8");
  await writeFile(join(folder, "chk-2", "_metadata"), text.slice(0, text.length / 2));
  await mkdir(join(folder, "chk-3"));
  await storage.write({ ...checkpoint(4), jobId: "b".repeat(32) });
  await storage.write({ ...checkpoint(5), state: { ...state, "offset:1": "x" } });
  expect((await storage.readNewest())?.file.id).toBe(1);
  expect(logged.filter((line) => line.includes("is skipped"))).toHaveLength(4);
});

test("the newest three, checkpoint 0 and the final one are kept", async () => {
  await storage.write(checkpoint(0, "initial"));
  await storage.write(checkpoint(1, "final"));
  for (const id of [2, 3, 4, 5, 6]) await storage.write(checkpoint(id));
  expect(await storage.retain()).toEqual([3, 2]);
  expect(await storage.listIds()).toEqual([6, 5, 4, 1, 0]);
});

test("checkpoints that could not be written take the place of none that could", async () => {
  for (const id of [1, 2, 3]) await storage.write(checkpoint(id));
  // What a full disk leaves of them.
  for (const id of [4, 5, 6]) await mkdir(join(folder, `chk-${id}`));
  await writeFile(join(folder, "chk-6", "_metadata.tmp"), "");
  await storage.write(checkpoint(7));
  expect(await storage.retain()).toEqual([1]);
  expect(await storage.listIds()).toEqual([7, 3, 2]);
});

test("recoveries are kept in order", async () => {
  const entry = (life: string) => ({ life, atUs: 1, from: "redis" as const, reason: "restarted", offsets: [1, 2] });
  expect(await storage.readRecoveries()).toEqual([]);
  await storage.appendRecovery(entry("life-2"));
  await storage.appendRecovery(entry("life-3"));
  expect((await storage.readRecoveries()).map(({ life }) => life)).toEqual(["life-2", "life-3"]);
});
