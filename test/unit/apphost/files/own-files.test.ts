/** Folders that are made for this user alone, wherever that is possible. */
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolders } from "../../../../apphost/files/own-files.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flink-apphost-own-files-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("makeFolders", () => {
  it("makes those that are missing, for this user alone, and leaves those that are there", () => {
    makeFolders(join(folder, "a", "b"));
    makeFolders(join(folder, "a", "b"));
    for (const path of ["a", "a/b"]) expect(statSync(join(folder, path)).mode & 0o777).toBe(0o700);
  });

  it("refuses a path through a file", () => {
    writeFileSync(join(folder, "file"), "");
    expect(() => makeFolders(join(folder, "file"))).toThrow("EEXIST");
    expect(() => makeFolders(join(folder, "file", "b"))).toThrow("ENOTDIR");
  });

  it.skipIf(!existsSync("/proc/self"))(
    "ends in a folder that denies itself, where Node's own does not (needs /proc)",
    () => {
      expect(() => makeFolders("/proc/nowhere/a/b")).toThrow("ENOENT");
    },
  );
});
