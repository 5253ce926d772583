import { mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { claimEpoch } from "../../../../simulator/runtime/job-manager/epoch.ts";
import { Numbering } from "../../../../simulator/runtime/job-manager/numbering.ts";

const STRIDE = 10;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "numbering-"));
});
afterEach(() => rm(folder, { recursive: true }));

const createNumbering = async () => new Numbering({ epoch: await claimEpoch(folder), folder, stride: STRIDE });

function takeGenerations(numbering: Numbering, count: number): number[] {
  return Array.from({ length: count }, () => numbering.nextGeneration());
}

test("numbers are epoch × 1,000,000 + k, and those of a later epoch are above all of an earlier one", () => {
  const earlier = new Numbering({ epoch: 3, folder });
  const later = new Numbering({ epoch: 4, folder });
  expect([earlier.nextGeneration(), earlier.nextGeneration()]).toEqual([3_000_001, 3_000_002]);
  expect([later.nextGeneration(), later.nextCheckpointId()]).toEqual([4_000_001, 4_000_001]);
});

test("a numbering that runs low claims the following epoch, and goes on rising over the edge (N2)", async () => {
  const numbering = await createNumbering();
  expect(takeGenerations(numbering, 4)).toEqual([11, 12, 13, 14]);
  await numbering.refill();
  expect(await readdir(folder)).toEqual(["epoch-1"]);
  expect(takeGenerations(numbering, 1)).toEqual([15]);
  await Promise.all([numbering.refill(), numbering.refill()]);
  expect((await readdir(folder)).toSorted()).toEqual(["epoch-1", "epoch-2"]);
  expect(takeGenerations(numbering, 6)).toEqual([16, 17, 18, 19, 21, 22]);
  // Checkpoint ids go through the same epochs, at their own pace.
  expect(Array.from({ length: 10 }, () => numbering.nextCheckpointId())).toEqual([
    11, 12, 13, 14, 15, 16, 17, 18, 19, 21,
  ]);
  expect(numbering.epoch).toBe(1);
  expect(takeGenerations(await createNumbering(), 1)).toEqual([31]);
});

test("one that another JobManager has overtaken claims nothing, and is superseded", async () => {
  const older = await createNumbering();
  await older.checkLeadership();
  takeGenerations(older, 5);
  const newer = await createNumbering();
  await expect(older.refill()).rejects.toMatchObject({ code: "JOB_MANAGER_SUPERSEDED" });
  await expect(older.checkLeadership()).rejects.toMatchObject({ code: "JOB_MANAGER_SUPERSEDED" });
  const [lowest] = takeGenerations(newer, 1);
  // It may use up what it has, all of it below its successor's.
  expect(Math.max(...takeGenerations(older, 4))).toBeLessThan(lowest as number);
  expect(() => older.nextGeneration()).toThrow(/the 9 generations of epoch 1 are used up/);
});

test("a folder that cannot be written is tried again", async () => {
  const numbering = await createNumbering();
  takeGenerations(numbering, 5);
  await rename(folder, `${folder}.away`);
  await expect(numbering.refill()).rejects.toMatchObject({ code: "ENOENT" });
  await rename(`${folder}.away`, folder);
  await numbering.refill();
  expect(takeGenerations(numbering, 5).at(-1)).toBe(21);
});
