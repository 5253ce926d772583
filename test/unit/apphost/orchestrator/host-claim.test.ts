/** The claim on a folder, by processes that want it at the same moment. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { claimFolder } from "../../../../apphost/orchestrator/host-claim.ts";

const FIXTURE = fileURLToPath(new URL("../fixtures/claimant.ts", import.meta.url));
const CLAIMANTS = 4;

let base = "";
let claimants: ChildProcessWithoutNullStreams[] = [];
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "flink-apphost-claim-"));
});
afterEach(() => {
  for (const claimant of claimants) claimant.kill("SIGKILL");
  claimants = [];
  rmSync(base, { recursive: true, force: true });
});

async function startClaimants(): Promise<void> {
  claimants = Array.from({ length: CLAIMANTS }, () => spawn(process.execPath, [FIXTURE, base]));
  await Promise.all(claimants.map((claimant) => once(claimant.stdout, "data")));
}

/** All at once; what each says. */
async function race(): Promise<string[]> {
  const answers = claimants.map(async (claimant) => String((await once(claimant.stdout, "data"))[0]).trim());
  for (const claimant of claimants) claimant.stdin.write("go\n");
  return Promise.all(answers);
}

it("goes to exactly one of several, and after its death to exactly one of the next (C1)", async () => {
  for (let generation = 0; generation < 3; generation += 1) {
    await startClaimants();
    const answers = await race();
    expect(answers.filter((answer) => answer === "mine")).toHaveLength(1);
    const winner = claimants[answers.indexOf("mine")];
    expect(answers.filter((answer) => answer === String(winner?.pid))).toHaveLength(CLAIMANTS - 1);
    expect(claimFolder(base)?.pid).toBe(winner?.pid);
    const ended = claimants.map((claimant) => once(claimant, "exit"));
    for (const claimant of claimants) claimant.kill("SIGKILL");
    await Promise.all(ended);
  }
  expect(claimFolder(base)).toBeNull();
  expect(readdirSync(base)).toEqual(["host-4"]);
});

it("is not held by a file that is no claim", () => {
  writeFileSync(join(base, "host-1"), "");
  expect(claimFolder(base)).toBeNull();
});
