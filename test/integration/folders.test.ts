/** Folders and files of a run: who may read them, and what is said of places that will not do. */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { distPath } from "../support/dist.ts";
import { describeReal } from "../support/real-parts.ts";
import { runCli } from "../support/run-cli.ts";

const SMALL = ["--once", "--messages", "100", "--task-managers", "2", "--partitions", "4", "--ui", "plain"];

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flink-apphost-folders-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Each path below a folder that others than its owner may touch, with its mode. */
function listOpen(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: "utf8" }).flatMap((name) => {
    const stats = lstatSync(join(path, name));
    const mode = stats.mode & 0o777;
    return stats.isSymbolicLink() || (mode & 0o077) === 0 ? [] : [`${mode.toString(8)} ${name}`];
  });
}

/** A run from a terminal that would let everybody write whatever is made in it. */
function runWithOpenMask(infra: string): void {
  const { status, stdout, stderr } = spawnSync(
    "sh",
    ["-c", 'umask 000; exec "$0" "$@"', process.execPath, distPath("apphost/main"), "up", ...SMALL, "--infra", infra],
    { cwd: folder, encoding: "utf8", timeout: 110_000 },
  );
  expect(status, stdout + stderr).toBe(0);
  expect(readdirSync(join(folder, ".flink-apphost", "runs"))).toHaveLength(1);
  expect(listOpen(folder)).toEqual([]);
}

describe("with umask 000", () => {
  it("everything that a run writes is its user's alone", () => runWithOpenMask("embedded"));
});

describeReal(["kafka", "redis"], "with umask 000 and real servers", () => {
  it("everything that they and a run write is its user's alone", () => runWithOpenMask("native"));
});

describe("a folder for sockets that will not do", () => {
  it.each<[string, string, () => void, string]>([
    ["is not there", "TMPDIR", () => undefined, "it is not there"],
    ["is a file", "TMPDIR", () => writeFileSync(join(folder, "place"), ""), "it is not a folder"],
    ["is a file", "XDG_RUNTIME_DIR", () => writeFileSync(join(folder, "place"), ""), "it is not a folder"],
  ])("because it %s is named with %s before anything is started", async (_, variable, prepare, reason) => {
    prepare();
    const place = join(folder, "place");
    const env = { XDG_RUNTIME_DIR: "", [variable]: place };
    const { exitCode, stdout, stderr } = await runCli(["up", ...SMALL, "--infra", "embedded"], { cwd: folder, env });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain(`${variable} is "${place}", and no socket can be made there (${reason})`);
    expect(existsSync(join(folder, ".flink-apphost", "runs"))).toBe(false);
  });
});

describe("a --run-dir that will not do", () => {
  const longName = "x".repeat(300);
  it.each<[string, () => void, string, string]>([
    ["a file", () => writeFileSync(join(folder, "base"), ""), "base", "it is not a folder"],
    ["below a file", () => writeFileSync(join(folder, "base"), ""), "base/deep", "what it lies in is not a folder"],
    ["a link to nowhere", () => symlinkSync("nowhere", join(folder, "base")), "base", "it is a symbolic link"],
    ["a circle of links", () => symlinkSync("base", join(folder, "base")), "base/deep", "it cannot be opened (ELOOP)"],
    ["too long a name", () => undefined, longName, "it cannot be opened (ENAMETOOLONG)"],
  ])("because it is %s is named with its path, by every verb: 2", async (_, prepare, base, reason) => {
    prepare();
    for (const args of [["up", ...SMALL, "--infra", "embedded"], ["ps"], ["logs"], ["report"], ["down"]]) {
      const { exitCode, stdout, stderr } = await runCli([...args, "--run-dir", base], { cwd: folder });
      expect({ exitCode, stdout }, `${args[0]}: ${stderr}`).toEqual({ exitCode: 2, stdout: "" });
      expect(stderr).toContain(`${join(folder, base)} is not used: ${reason}`);
    }
  });

  it.each<[string, (runs: string) => void, string]>([
    ["a file", (runs) => writeFileSync(runs, ""), "it is not a folder"],
    ["a link to nowhere", (runs) => symlinkSync("nowhere", runs), "it is a symbolic link"],
  ])("because its `runs` is %s is named, too", async (_, prepare, reason) => {
    mkdirSync(join(folder, "base"), { mode: 0o700 });
    const runs = join(folder, "base", "runs");
    prepare(runs);
    const { exitCode, stderr } = await runCli(["ps", "--run-dir", "base"], { cwd: folder });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`${runs} is not used: ${reason}`);
  });

  it.each<[string, (latest: string) => void, string]>([
    ["a file", (latest) => writeFileSync(latest, ""), "it is no link to a run"],
    ["a folder", (latest) => mkdirSync(latest), "it is no link to a run"],
    ["a link to nowhere", (latest) => symlinkSync("runs/gone", latest), "which is not there"],
    ["a link out of it", (latest) => symlinkSync("/tmp", latest), "which is no run of this folder"],
  ])("is used all the same when only its `latest` is %s, which is named", async (_, prepare, reason) => {
    mkdirSync(join(folder, "base", "runs"), { recursive: true, mode: 0o700 });
    const latest = join(folder, "base", "latest");
    prepare(latest);
    const { exitCode, stderr } = await runCli(["ps", "--run-dir", "base"], { cwd: folder });
    expect(exitCode).toBe(0);
    expect(stderr).toContain(`${latest} is not used: `);
    expect(stderr).toContain(reason);
  });
});
