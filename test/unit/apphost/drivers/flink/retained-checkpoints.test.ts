/** Which checkpoint a job goes on from after its JobManager died. The files are those that Apache Flink 2.2.1 leaves. */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { findNewestCheckpoint, listSavepoints } from "../../../../../apphost/drivers/flink/retained-checkpoints.ts";

const JOB = "f8c34a577e0a4d0fe6f9389731473728";
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flink-apphost-chk \u00fc,-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(checkpoint: string, ...files: readonly string[]): void {
  mkdirSync(join(folder, JOB, checkpoint), { recursive: true });
  for (const file of files) writeFileSync(join(folder, JOB, checkpoint, file), "");
}

it("takes the complete checkpoint with the highest id, by number (R1, R2)", () => {
  expect(findNewestCheckpoint(folder, JOB)).toBeNull();
  put("shared");
  put("taskowned");
  put("chk-1", "._metadata.inprogress.5f0b");
  expect(findNewestCheckpoint(folder, JOB)).toBeNull();
  put("chk-9", "_metadata");
  put("chk-10", "_metadata", "8d0c");
  put("chk-11", "._metadata.inprogress.7d1a");
  expect(findNewestCheckpoint(folder, JOB)).toBe(`file://${folder}/${JOB}/chk-10`);
  expect(findNewestCheckpoint(folder, JOB.replace("f", "0"))).toBeNull();
});

it("lists the complete savepoints of a job, the newest last (R1)", () => {
  const putSavepoint = (name: string, file: string, atS: number) => {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, file), "");
    utimesSync(join(folder, name, file), atS, atS);
  };
  expect(listSavepoints(undefined, JOB)).toEqual([]);
  expect(listSavepoints(join(folder, "savepoints"), JOB)).toEqual([]);
  putSavepoint("savepoint-f8c34a-000000000002", "_metadata", 1);
  putSavepoint("savepoint-f8c34a-000000000001", "_metadata", 2);
  putSavepoint("savepoint-f8c34a-000000000003", "._metadata.inprogress.7d1a", 3);
  putSavepoint("savepoint-0d4376-000000000004", "_metadata", 4);
  expect(listSavepoints(folder, JOB)).toEqual([
    `file://${folder}/savepoint-f8c34a-000000000002`,
    `file://${folder}/savepoint-f8c34a-000000000001`,
  ]);
});
