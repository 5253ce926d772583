/**
 * One session at the keyboard, from `up` to the verdict: what a person does to a whole system through the dashboard alone,
 * in an order in which each step meets what the one before left behind.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Report } from "../../simulator/common/contract/files/report.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { distPath } from "../support/dist.ts";
import { describeReal } from "../support/real-parts.ts";
import { findRunDir, readEvents } from "../support/run-cli.ts";
import { expectNothingLeft } from "../support/stages.ts";
import { openTerminal } from "../support/tmux.ts";

const FIRST_ROUND = 20_000;
const SECOND_ROUND = 500_000;
const STEP_MS_MAX = 30_000;

describeReal(["tmux"], "a session at the keyboard", () => {
  it("looks, searches, kills, scales, produces, pauses, leaves, attaches and quits, and the verdict is exact", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "flink-apphost-session-"));
    const terminal = openTerminal({ columns: 140, rows: 44 });
    const press = (...keys: string[]) => keys.forEach((key) => void terminal.press(key));
    const see = (form: RegExp) => terminal.waitFor(form, STEP_MS_MAX);
    const command = async (text: string) => {
      press(":");
      await see(/^:_/m);
      terminal.write(text);
      press("Enter");
    };
    try {
      const main = `${process.execPath} ${distPath("apphost/main")}`;
      terminal.type(
        `cd ${cwd}; clear; ${main} up --infra embedded --task-managers 20 --messages ${FIRST_ROUND}; echo left-$?`,
      );
      await see(/ IDLE/);

      // Its detail and its log, with a search in it.
      press("2", "/");
      terminal.write("taskmanager-07");
      press("Enter", "Enter");
      await see(/── taskmanager-07 ─ taskmanager[\s\S]*partitions +\d+, lag/);
      press("l");
      await see(/registered with the JobManager, epoch 1/);
      press("/");
      terminal.write("registered");
      press("Enter");
      await see(/\/registered: match 1 of 1/);
      press("Escape");
      await see(/^taskmanager-07 +follow|^taskmanager-07 +scrolled(?!.*match)/m);

      // A kill is confirmed, recovered from, and stands on both timelines.
      press("2");
      await see(/── taskmanager-07 ─/);
      press("Escape");
      await see(/> taskmanager-07[\s\S]*\n\/taskmanager-07/);
      press("Escape");
      await see(/> +taskmanager-07|taskmanagers +20\/20[\s\S]*\nq quit/);
      await command("kill taskmanager-07");
      await see(/kill taskmanager-07\? y yes/);
      press("y");
      await see(/taskmanager-07: killed/);
      press("6");
      await see(/taskmanager-07 +killed as asked .signal SIGKILL.[\s\S]*taskmanager-07 +back after [\d.,]+ m?s/);
      press("4");
      await see(/×\S*●[\s\S]*taskmanager-07 back after/);

      // What is refused says why, as the command line does.
      await command("resume taskmanager-07");
      await see(/resume failed: taskmanager-07 is not paused/);

      await command("scale taskmanager 5");
      await see(/taskmanager: 20 → 5/);
      press("1");
      await see(/taskmanagers +5\/5 running/);
      await command("scale taskmanager 20");
      await see(/taskmanagers +20\/20 running/);

      await command(`produce --messages ${SECOND_ROUND}`);
      await see(/the round begins/);
      await command("pause jobmanager");
      await see(/jobmanager: paused/);
      await command("resume jobmanager");
      await see(/PASSED: 520,000 messages of all 2 rounds processed, 0 lost, 0 duplicated/);
      press("5");
      const checks = (await see(/── CHECKS ─ \d+ passed/)).join("\n");
      expect(checks).toMatch(/^pass I2-total/m);
      expect(checks).not.toMatch(/^(FAIL|fail|unknown)/m);

      press("d");
      await see(/^left-0$/m);
      expect(terminal.screen().join("\n")).toMatch(/the run goes on[\s\S]*attach/);
      terminal.type(`clear; ${main} attach; echo over-$?`);
      await see(/ IDLE[\s\S]*PASSED: 520,000/);
      press("q");
      await see(/end the run\?/);
      press("y");
      await see(/^over-0$/m);
      expect(terminal.screen().join("\n")).toMatch(/PASSED: 520,000 messages/);

      const runDir = findRunDir(cwd) as string;
      const report = JSON.parse(readFileSync(runFolder.report(runDir), "utf8")) as Report;
      expect(report).toMatchObject({ verdict: "passed", exitCode: 0 });
      expect(readEvents(runDir).findLast(({ type }) => type === "verdict")).toMatchObject({
        verdict: "passed",
        exitCode: 0,
        rounds: 2,
        processed: FIRST_ROUND + SECOND_ROUND,
        lost: 0,
        duplicated: 0,
      });
    } finally {
      terminal.dispose();
      await expectNothingLeft(cwd);
      rmSync(cwd, { recursive: true, force: true });
    }
  });
});
