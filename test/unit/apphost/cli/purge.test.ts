/** `down --purge` of a run that left nothing on servers of others: what only a purge needs is gone with it. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { purgeRun } from "../../../../apphost/cli/purge.ts";
import type { RunState } from "../../../../apphost/run/run-state.ts";
import { runFolder } from "../../../../simulator/common/contract/files/run-folder.ts";
import { plantRun } from "../../../support/run-states.ts";

let base = "";
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "flink-apphost-purge-"));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

it.each<[string, Partial<RunState>, string[]]>([
  ["its host is dead", { hostStartTime: "1" }, ["state.json"]],
  ["its host lives, and may need it the next moment", {}, ["kafka-security.json", "state.json"]],
  ["its host may live elsewhere", { hostView: "elsewhere" }, ["kafka-security.json", "state.json"]],
])("%s", async (_, change, left) => {
  const runDir = plantRun(base, "20300101T000000Z-aaaaaaaa", change);
  writeFileSync(runFolder.kafkaSecurity(runDir), "secret", { mode: 0o600 });
  const lines: string[] = [];
  const write = async (line: string) => void lines.push(line);
  const terminal = { write, note: () => undefined, ended: new AbortController().signal };
  const options = { base, redis: null, topic: null, counterKey: null, sequenceKey: null };
  expect(await purgeRun("aaaaaaaa", options, terminal)).toBe(0);
  expect(lines).toEqual(["run aaaaaaaa has nothing on servers of others"]);
  expect(readdirSync(runDir).sort()).toEqual(left);
});
