/** Completion in real shells, of a command line that asks a running host for its names. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { distPath } from "../support/dist.ts";
import { describeReal } from "../support/real-parts.ts";
import { type Cli, startCli } from "../support/run-cli.ts";
import { openTerminal } from "../support/tmux.ts";

let host: Cli;
/** A folder for the PATH, since users have the program there. */
let bin = "";
let environment: NodeJS.ProcessEnv = {};

beforeAll(async () => {
  bin = mkdtempSync(join(tmpdir(), "flink-apphost-bin-"));
  const program = join(bin, "flink-apphost");
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${distPath("apphost/main")}' "$@"\n`);
  chmodSync(program, 0o755);
  environment = { ...process.env, PATH: `${bin}:${process.env["PATH"]}` };
  host = startCli(["up", "--messages", "0", "--infra", "embedded", "--task-managers", "2", "--ui", "plain"]);
  await host.waitForEvent("phase", (event) => event.phase === "idle");
});
afterAll(async () => {
  await host.dispose();
  rmSync(bin, { recursive: true, force: true });
});

/** What a key press makes of what was typed, in a terminal with that shell. */
async function pressTab(start: string, typed: string, expected: RegExp): Promise<void> {
  const terminal = openTerminal({ columns: 120, rows: 40 });
  try {
    terminal.type(`cd '${host.cwd}'; export PATH='${bin}':"$PATH" PS1='> '; clear; ${start}`);
    await terminal.waitFor(/^> ?$/m);
    terminal.type(start.startsWith("zsh") ? ZSH_SETUP : `eval "$(flink-apphost completion bash)"; echo "rea"dy`);
    // What is typed before the prompt stands is echoed in front of it.
    await terminal.waitFor(/^ready\n> ?$/m);
    terminal.press(typed);
    terminal.press("Tab");
    await terminal.waitFor(expected);
  } finally {
    terminal.dispose();
  }
}

const ZSH_SETUP =
  'PS1="> "; autoload -Uz compinit; compinit -u -D; eval "$(flink-apphost completion zsh)"; echo "rea"dy';

describeReal(["bash", "tmux"], "completion in bash", () => {
  it.each<[string, RegExp]>([
    ["flink-apphost desc", /^> flink-apphost describe $/m],
    ["flink-apphost up --inf", /^> flink-apphost up --infra $/m],
    ["flink-apphost up --infra=emb", /^> flink-apphost up --infra=embedded $/m],
    ["flink-apphost restart jobm", /^> flink-apphost restart jobmanager $/m],
    ["flink-apphost stop taskmanager-01 taskmanager-0", /^> flink-apphost stop taskmanager-01 taskmanager-02 $/m],
  ])("of %j", async (typed, expected) => {
    await pressTab("bash --norc", typed, new RegExp(expected.source.replace(" $", " ?$"), "m"));
  });

  it("evaluates nothing of what was typed", async () => {
    const planted = join(host.cwd, "evaluated");
    await pressTab("bash --norc", `flink-apphost logs --search '$(touch ${planted})' jobm`, / jobmanager/);
    expect(existsSync(planted)).toBe(false);
  });
});

describeReal(["zsh", "tmux"], "completion in zsh", () => {
  it.each<[string, RegExp]>([
    ["flink-apphost desc", /^> flink-apphost describe ?$/m],
    ["flink-apphost up --infra=emb", /^> flink-apphost up --infra=embedded ?$/m],
    ["flink-apphost restart jobm", /^> flink-apphost restart jobmanager ?$/m],
  ])("of %j", async (typed, expected) => {
    await pressTab("zsh -f", typed, expected);
  });
});

describeReal(["fish"], "completion in fish", () => {
  it.each([
    ["flink-apphost desc", "describe\tprint what runs: resources with state, health, addresses"],
    ["flink-apphost up --infra=emb", "--infra=embedded"],
    ["flink-apphost restart jobm", "jobmanager"],
  ])("of %j", (typed, expected) => {
    const { stdout, stderr } = spawnSync(
      "fish",
      ["--no-config", "-c", 'flink-apphost completion fish | source; complete -C "$argv[1]"', typed],
      { encoding: "utf8", cwd: host.cwd, env: environment },
    );
    expect(stdout.trim(), stderr).toBe(expected);
  });
});
