/** The claim on a folder, by processes that want it at the same moment. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { claimFolder, findClaimProblems } from "../../../../apphost/run/host-claim.ts";

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
    expect(claimFolder(base)).toMatchObject({ kind: "held", owner: { pid: winner?.pid } });
    const ended = claimants.map((claimant) => once(claimant, "exit"));
    for (const claimant of claimants) claimant.kill("SIGKILL");
    await Promise.all(ended);
  }
  expect(claimFolder(base).kind).toBe("claimed");
  expect(readdirSync(base)).toEqual(["host-4"]);
});

it("is held once in a process, too, and is free again when it was released (C2)", () => {
  const first = claimFolder(base);
  expect(first.kind).toBe("claimed");
  expect(claimFolder(base)).toMatchObject({ kind: "held", owner: { pid: process.pid } });
  if (first.kind === "claimed") first.release();
  expect(claimFolder(base).kind).toBe("claimed");
  expect(readdirSync(base)).toEqual(["host-2"]);
});

it("holds the folder that it was made in: a copy is free, and one that was moved is not (C4)", () => {
  const copy = `${base}-copy`;
  try {
    expect(claimFolder(base).kind).toBe("claimed");
    cpSync(base, copy, { recursive: true });
    expect(claimFolder(copy).kind).toBe("claimed");
    expect(claimFolder(base).kind).toBe("held");
    rmSync(copy, { recursive: true });
    renameSync(base, copy);
    expect(claimFolder(copy).kind).toBe("held");
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
});

describe("is not held by what is no claim, which is left as it is and named (C3):", () => {
  it.each([
    ["", /it is not JSON$/],
    ["{}", /pid is missing, expected a whole number from 1$/],
    ["null", /it is null, expected an object$/],
    [JSON.stringify({ pid: null, startTime: "1" }), /pid is null, expected/],
    [JSON.stringify({ pid: process.pid }), /startTime is missing, expected a text$/],
  ])("%s", (text, reason) => {
    writeFileSync(join(base, "host-1"), text, { mode: 0o600 });
    expect(claimFolder(base).kind).toBe("claimed");
    expect(readFileSync(join(base, "host-1"), "utf8")).toBe(text);
    expect(findClaimProblems(base)).toEqual([expect.stringMatching(reason)]);
  });

  it("a folder, a link, a pipe, a number without end", () => {
    mkdirSync(join(base, "host-1"));
    symlinkSync("/etc/hostname", join(base, "host-2"));
    expect(spawnSync("mkfifo", ["-m", "600", join(base, "host-3")]).status).toBe(0);
    writeFileSync(join(base, `host-${"9".repeat(30)}`), "");
    expect(claimFolder(base).kind).toBe("claimed");
    expect(findClaimProblems(base)).toEqual([
      expect.stringMatching(/host-1 is not used: it is not a file$/),
      expect.stringMatching(/host-2 is not used: it is a symbolic link$/),
      expect.stringMatching(/host-3 is not used: it is not a file$/),
    ]);
  });

  it("a file that a link of a temporary name leads to is not written through", () => {
    const victim = join(base, "victim");
    writeFileSync(victim, "precious");
    // As earlier versions named it.
    symlinkSync(victim, join(base, `host-${process.pid}.tmp`));
    expect(claimFolder(base).kind).toBe("claimed");
    expect(readFileSync(victim, "utf8")).toBe("precious");
    expect(readdirSync(base).filter((name) => name.endsWith(".tmp"))).toEqual([`host-${process.pid}.tmp`]);
  });
});
