/** Two hosts that start at the same moment make the same folders: each finds some missing that are there a moment later. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { inspectFolder, makeFolders } from "../../../../apphost/files/own-files.ts";

/** What somebody else does right after a call of ours found nothing, which no two processes do on demand. */
const { meanwhile } = vi.hoisted(() => ({ meanwhile: { act: () => undefined as unknown } }));

vi.mock("node:fs", async (importOriginal) => {
  const fs = await importOriginal<typeof import("node:fs")>();
  const thenAct =
    <Args extends readonly unknown[], T>(call: (...args: Args) => T) =>
    (...args: Args): T => {
      try {
        return call(...args);
      } catch (error) {
        const { act } = meanwhile;
        meanwhile.act = () => undefined;
        act();
        throw error;
      }
    };
  return { ...fs, openSync: thenAct(fs.openSync), mkdirSync: thenAct(fs.mkdirSync as (path: string) => void) };
});

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flink-apphost-own-files-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("a folder that was missing when it was opened is missing, and not one that cannot be used", () => {
  const path = join(folder, "made-by-another");
  meanwhile.act = () => mkdirSync(path);
  expect(inspectFolder(path)).toEqual({ kind: "missing" });
  expect(inspectFolder(path)).toEqual({ kind: "ours" });
});

it("a folder is made in one that somebody else made meanwhile", () => {
  const [above, path] = [join(folder, "a"), join(folder, "a", "b")];
  meanwhile.act = () => mkdirSync(above);
  makeFolders(path);
  expect(existsSync(path)).toBe(true);
});
