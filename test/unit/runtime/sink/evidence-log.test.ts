import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseAppliedLogRow } from "../../../../simulator/common/contract/files/applied-log.ts";
import { AppliedLog, RejectedLog } from "../../../../simulator/runtime/sink/evidence-log.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "evidence-log-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const lines = (path: string) => readFileSync(path, "utf8").split("\n").slice(0, -1);

describe("AppliedLog", () => {
  it("appends rows that the contract reads back", () => {
    const path = join(folder, "applied", "tm-1.log");
    const log = new AppliedLog(path);
    const acquire = { kind: "acquire", life: "L1", p: 1, g: 2, offset: 3 } as const;
    const apply = {
      kind: "apply" as const,
      life: "L1",
      p: 1,
      g: 2,
      prev: 3,
      next: 5,
      n: 2,
      base: 0,
      tm: "tm",
      appliedAtUs: 9,
    };
    log.append(acquire, apply);
    log.append(apply);
    log.close();
    expect(lines(path).map(parseAppliedLogRow)).toEqual([acquire, apply, apply]);
  });

  it("makes no file before the first row, and fails with the path when it cannot write", () => {
    const path = join(folder, "tm.log");
    new AppliedLog(path).close();
    expect(existsSync(path)).toBe(false);
    writeFileSync(join(folder, "file"), "");
    const log = new AppliedLog(join(folder, "file", "tm.log"));
    expect(() => log.append({ kind: "acquire", life: "L", p: 0, g: 0, offset: 0 })).toThrow(/tm\.log: make room/);
  });
});

describe("RejectedLog", () => {
  it("keeps the first 1,000 values of a partition, each offset once", () => {
    const path = join(folder, "rejected.ndjson");
    const log = new RejectedLog(path);
    for (let round = 0; round < 2; round += 1) {
      for (let offset = 0; offset < 600; offset += 1) log.append(1, offset, "notJson", Buffer.from([0xff, offset & 1]));
    }
    for (let offset = 600; offset < 2_000; offset += 1) log.append(1, offset, "idMissing", Buffer.from("{}"));
    log.append(2, 0, "notObject", Buffer.alloc(100_000, "7"));
    log.close();
    const written = lines(path).map((line) => JSON.parse(line));
    expect(written).toHaveLength(1_001);
    expect(written[0]).toEqual({ p: 1, offset: 0, reason: "notJson", bytes: "/wA=", size: 2 });
    expect(written[999]).toMatchObject({ p: 1, offset: 999 });
    expect(written[1_000]).toMatchObject({ p: 2, size: 100_000 });
    expect(Buffer.from(written[1_000].bytes, "base64")).toHaveLength(65_536);
  });
});
