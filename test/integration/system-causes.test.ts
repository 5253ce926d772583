/** Runs that fail in the middle: the exit code and the first reason are what really happened, and no count is blamed. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Report } from "../../simulator/common/contract/files/report.ts";
import { startCli } from "../support/run-cli.ts";
import { expectExit, ONCE } from "../support/system.ts";

/**
 * No checkpoint until the end: without a PUBLISH of its own the end would leave the view at 0. And 12 s of load, so that
 * what fails does so in the middle of it, also on a busy machine.
 */
const SLOW = [...ONCE, "--messages", "24000", "--rate", "2000", "--task-managers", "4", "--checkpoint-interval", "10m"];

const failedChecks = ({ checks }: Report) =>
  checks.filter(({ status }) => status === "failed").map(({ id, reason }) => `${id}: ${reason}`);

it("an assertion that fails in a TaskManager: exit 1 with its words, and every check holds on what was done", async () => {
  const cli = startCli([...SLOW, "--test-operator", "test-fail-late"]);
  try {
    const report = await expectExit(cli, await cli.end(), 1);
    expect(report.reasons[0]).toMatch(/^taskmanager-\d\d: .*operator test-fail-late takes no record with id 2000/);
    expect(report.messages.processed).toBeGreaterThan(1_000);
    expect(failedChecks(report)).toEqual([]);
  } finally {
    await cli.dispose();
  }
});

it("a run folder that is full for 3 s: exit 3 with ENOSPC, and every check holds on what was done", async ({
  skip,
}) => {
  const disk = mkdtempSync(join(tmpdir(), "flink-apphost-disk-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", disk]).status === 0;
  try {
    skip(!mounted, "a small disk can be mounted by root only");
    const cli = startCli(SLOW, { cwd: disk });
    try {
      await cli.waitForEvent("progress", (event) => event.processed > 1_000);
      // Writes what there is room for, and fails.
      expect(() => writeFileSync(join(disk, "filler"), Buffer.alloc(8_388_608))).toThrow("ENOSPC");
      await delay(3_000);
      rmSync(join(disk, "filler"));
      const report = await expectExit(cli, await cli.end(), 3);
      expect(report.reasons[0]).toMatch(/ENOSPC|make room on that disk/);
      expect(failedChecks(report)).toEqual([]);
    } finally {
      await cli.dispose();
    }
  } finally {
    if (mounted) spawnSync("umount", [disk]);
    rmSync(disk, { recursive: true });
  }
});
