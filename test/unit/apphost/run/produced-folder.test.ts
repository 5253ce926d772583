/** The folders of ledgers are bounded, and one that a producer may still write stays. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createProducedFolder, removeOldProduced } from "../../../../apphost/run/produced-folder.ts";
import type { Ledger } from "../../../../simulator/common/contract/files/ledger.ts";

let base = "";
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "flink-apphost-produced-"));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function plant(second: number, outcome: Ledger["outcome"]): string {
  const name = `20260101T0000${String(second).padStart(2, "0")}Z-0000abcd`;
  mkdirSync(join(base, "produced", name), { recursive: true, mode: 0o700 });
  const counts = { round: 1, firstId: 1, messages: 1, messageSize: 100, firstSendAtUs: 1, lastAckAtUs: 1 };
  const sums = { acknowledged: 1, unknown: 0, refused: 0, unsent: 0, foreignCount: 0, restarts: 0 };
  const ledger = { schema: 1, topic: "t", outcome, reason: null, partitions: [], foreign: [], ...counts, ...sums };
  writeFileSync(join(base, "produced", name, "ledger-1.json"), JSON.stringify(ledger));
  return name;
}

it("keeps the newest twenty, and an older one whose producer has not said its end", () => {
  const running = plant(0, "running");
  const ended = [1, 2, 3].map((second) => plant(second, second === 2 ? "gaveUp" : "finished"));
  const others = Array.from({ length: 18 }, (_, i) => plant(10 + i, "finished"));
  const newest = createProducedFolder(base);
  expect(removeOldProduced(base)).toEqual([]);
  const left = readdirSync(join(base, "produced"));
  expect(left).toContain(running);
  expect(left).toEqual(expect.arrayContaining([...others, ended[2]]));
  expect(left.some((name) => newest.path.endsWith(name))).toBe(true);
  expect(left).toHaveLength(21);
});

it("is made nowhere but in a folder of this user's own", () => {
  const elsewhere = mkdtempSync(join(tmpdir(), "flink-apphost-elsewhere-"));
  symlinkSync(elsewhere, join(base, "produced"));
  expect(() => createProducedFolder(base)).toThrow(/produced is not used: it is a symbolic link/);
  expect(readdirSync(elsewhere)).toEqual([]);
  rmSync(elsewhere, { recursive: true });
});
