/** A real run whose operator drops a record, as a step of GitHub Actions: its log is folded, and says what failed. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Report } from "../../simulator/common/contract/files/report.ts";
import { runCli } from "../support/run-cli.ts";

const RUN =
  "up --once --infra embedded --messages 20000 --task-managers 2 --partitions 2 --test-operator test-drop-one".split(
    " ",
  );

test("a failed run annotates each failed check, and summarises the step", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flink-apphost-github-"));
  const summary = join(folder, "summary.md");
  try {
    let report: Report | undefined;
    const env = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary, CI: "true" };
    const { exitCode, stdout } = await runCli(RUN, { env }, async (cli) => {
      report = await cli.report();
    });
    expect(exitCode, stdout).toBe(4);
    const failed = (report?.checks ?? []).filter(({ status }) => status === "failed");
    const lines = stdout.split("\n");
    expect(failed.length).toBeGreaterThan(0);
    expect(lines.filter((line) => line.startsWith("::error title="))).toHaveLength(Math.min(10, failed.length));
    const groups = lines.filter((line) => /^::(end)?group::/.test(line));
    expect(groups.slice(0, 2)).toEqual([expect.stringMatching(/^::group::/), "::endgroup::"]);
    expect(groups).toContainEqual(expect.stringMatching(/^::group::validating/));
    const text = readFileSync(summary, "utf8");
    expect(text).toMatch(/^### flink-apphost: FAILED\n/);
    for (const { id } of failed) expect(text).toContain(`(${id.replaceAll("_", "\\_")})`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
