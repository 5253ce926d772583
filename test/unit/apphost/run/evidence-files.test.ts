/** A full disk: told once, ends the run as a failure of the infrastructure, and nothing throws or hangs behind it. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createEvidenceFiles } from "../../../../apphost/run/evidence-files.ts";
import { createRunFolder } from "../../../../apphost/run/run-folder.ts";
import { runFolder } from "../../../../simulator/common/contract/files/run-folder.ts";
import { type AppError, categoryOf } from "../../../../simulator/common/foundation/errors.ts";

/** Every write to it fails with ENOSPC; Linux alone has it. */
const FULL_DEVICE = "/dev/full";
let base = "";
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "flink-apphost-evidence-"));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function openFiles() {
  const run = createRunFolder(base, "20261122T174655Z-3f9c2a1b");
  const failures: AppError[] = [];
  return { run, failures, files: createEvidenceFiles(run, (error) => failures.push(error)) };
}

it("writes lines and logs, and closes the logs", () => {
  const { run, failures, files } = openFiles();
  const path = join(run, "events.ndjson");
  const append = files.openLines(path);
  append("one\n");
  append("two\n");
  files.logOf("kafka").write("started\n");
  expect(files.logOf("kafka")).toBe(files.logOf("kafka"));
  files.closeLogs();
  expect(readFileSync(path, "utf8")).toBe("one\ntwo\n");
  expect(readFileSync(runFolder.log(run, "kafka"), "utf8")).toBe("started\n");
  expect(failures).toEqual([]);
});

describe.skipIf(!existsSync(FULL_DEVICE))(`a full disk (as ${FULL_DEVICE} is)`, () => {
  it("is told once, with the file, the cause and what to do, whatever is written then", () => {
    const { failures, files } = openFiles();
    const append = files.openLines(FULL_DEVICE);
    for (let i = 0; i < 3; i += 1) append("event\n");
    files.attempt("state.json", () => {
      throw new Error("still full");
    });
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({ code: "RUN_FOLDER_FAILED", category: "infrastructure" });
    expect(failures[0]?.message).toMatch(/^\/dev\/full cannot be written: make room/);
    expect(String(failures[0]?.cause)).toContain("ENOSPC");
  });

  it("under a log is told too, and closing the logs does not wait for it", () => {
    const { run, failures, files } = openFiles();
    symlinkSync(FULL_DEVICE, runFolder.log(run, "kafka"));
    files.logOf("kafka").write("started\n");
    files.logOf("redis").write("started\n");
    files.closeLogs();
    expect(failures).toHaveLength(1);
    expect(readFileSync(runFolder.log(run, "redis"), "utf8")).toBe("started\n");
  });
});

it("a folder in which no run can be made is a failure of the infrastructure that names it", () => {
  const below = join(base, "below");
  mkdirSync(join(below, "runs", "20261122T174655Z-3f9c2a1b"), { recursive: true, mode: 0o700 });
  expect(() => createRunFolder(below, "20261122T174655Z-3f9c2a1b")).toThrow(/below cannot be written.*--run-dir/);
});

it("a folder below a file is wrong usage, and says so", () => {
  writeFileSync(join(base, "file"), "");
  const below = join(base, "file", "below");
  expect(() => createRunFolder(below, "20261122T174655Z-3f9c2a1b")).toThrow(
    /below is not used: what it lies in is not/,
  );
});

it.each([
  ["ENOSPC", "infrastructure"],
  ["EMFILE", "infrastructure"],
  ["ENOENT", "unexpected"],
])("a system error %s is %s", (code, category) => {
  expect(categoryOf(Object.assign(new Error(code), { code }))).toBe(category);
});
