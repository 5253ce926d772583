/** When a build is made again, and what it takes away: read from folders that hold files of chosen ages. */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BUILD_STAMP, findStaleOutputs, isBuildCurrent } from "../../../../scripts/build/build-state.ts";

const BEFORE = new Date("2026-01-01T00:00:00Z");
const BUILT = new Date("2026-01-01T00:00:10Z");
const AFTER = new Date("2026-01-01T00:00:20Z");

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "flink-apphost-build-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(path: string, modified: Date): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), "");
  utimesSync(join(root, path), modified, modified);
}

describe("a build", () => {
  it("is made when there is none", () => {
    put("apphost/main.ts", BEFORE);
    expect(isBuildCurrent(root)).toBe(false);
  });

  it.each(["apphost/cli/up.ts", "apphost/dashboard/row.tsx", "simulator/a/b/c.ts", "package.json", "tsconfig.json"])(
    "is made again when %s is newer, and else not",
    (path) => {
      put(path, BEFORE);
      put(BUILD_STAMP, BUILT);
      expect(isBuildCurrent(root)).toBe(true);
      put(path, AFTER);
      expect(isBuildCurrent(root)).toBe(false);
    },
  );

  it("removes what no source makes any more, and no more than that", () => {
    put("apphost/cli/up.ts", BEFORE);
    put("apphost/dashboard/row.tsx", BEFORE);
    for (const path of ["apphost/cli/up.js", "apphost/cli/up.d.ts", "apphost/dashboard/row.js"]) {
      put(join("dist", path), BEFORE);
    }
    for (const path of ["apphost/verbs/up.js", "apphost/verbs/up.d.ts"]) put(join("dist", path), BEFORE);
    put(BUILD_STAMP, BUILT);
    expect(findStaleOutputs(root).sort()).toEqual(["apphost/verbs/up.d.ts", "apphost/verbs/up.js"]);
  });
});
