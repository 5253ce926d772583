import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { claimEpoch } from "../../../../simulator/runtime/job-manager/epoch.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "epoch-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("epochs rise from 1, and the folder need not exist", async () => {
  const inner = join(folder, "checkpoints");
  expect(await claimEpoch(inner)).toBe(1);
  expect(await claimEpoch(inner)).toBe(2);
});

test("the next epoch is above the highest, whatever is missing below it", async () => {
  await writeFile(join(folder, "epoch-41"), "");
  await writeFile(join(folder, "epoch-x"), "");
  expect(await claimEpoch(folder)).toBe(42);
});

test("JobManagers that start at the same time get different epochs", async () => {
  const epochs = await Promise.all(Array.from({ length: 8 }, () => claimEpoch(folder)));
  expect(new Set(epochs).size).toBe(8);
});
