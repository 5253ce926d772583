/** The watchdog: a host that is killed leaves nothing behind. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { isAlive } from "../../../../apphost/orchestrator/process-identity.ts";
import { waitUntil } from "../../../../simulator/common/foundation/deadline.ts";

const FIXTURE = fileURLToPath(new URL("../fixtures/small-host.ts", import.meta.url));

it("kills recorded groups, finds unrecorded children by their run, removes data alone, and ends (W1, W2, W3)", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flink-apphost-watchdog-"));
  mkdirSync(join(folder, "data", "redis"), { recursive: true });
  writeFileSync(join(folder, "report.json"), "evidence");
  const host = spawn(process.execPath, [FIXTURE, "0d437693", folder], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [line] = (await once(host.stdout, "data")) as [Buffer];
    const pids = JSON.parse(line.toString()) as number[];
    expect(pids.every(isAlive)).toBe(true);
    host.kill("SIGKILL");
    // The unrecorded child is found by its environment, which only Linux shows.
    const doomed = process.platform === "linux" ? pids : pids.slice(0, 3);
    await waitUntil(() => (doomed.some(isAlive) ? undefined : true), { what: "the end of all", deadlineMs: 10_000 });
    expect(readdirSync(folder)).toEqual(["report.json"]);
    expect(existsSync(join(folder, "report.json"))).toBe(true);
  } finally {
    host.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
});
