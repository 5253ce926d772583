/** The bench's terminal: a real one, and the answer where there is none. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { MissingPart } from "../../../../scripts/bench/parts.ts";
import { Terminal } from "../../../../scripts/bench/terminal/terminal.ts";
import { waitUntil } from "../../../../simulator/common/foundation/deadline.ts";
import { describeReal } from "../../../support/real-parts.ts";

afterEach(() => vi.unstubAllEnvs());

const open = (script: string, cwd: string) =>
  Terminal.open({ columns: 120, rows: 40, command: ["sh", "-c", script], cwd, env: { GREETING: "it's me" } });

it("without tmux it is a part that is missing", async () => {
  vi.stubEnv("PATH", "");
  await expect(open("true", tmpdir())).rejects.toThrow(MissingPart);
});

describeReal(["tmux"], "a terminal of the bench", () => {
  it("has its size, its folder and its variables, counts what is written, takes keys, and ends what runs in it", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "flink-apphost-bench-terminal-"));
    const script = `stty size; pwd; echo "$GREETING"; read answer; echo "got $answer"; exec sleep 60`;
    const terminal = await open(script, cwd);
    const { signal } = new AbortController();
    try {
      await terminal.waitForScreen(new RegExp(`^40 120\n${cwd}\nit's me\n`), 10_000, signal);
      const before = terminal.writtenBytes;
      expect(before).toBeGreaterThan(20);
      terminal.press("y", "e", "s", "Enter");
      await terminal.waitForScreen(/got yes/, 10_000, signal);
      expect(terminal.writtenBytes).toBeGreaterThan(before);
    } finally {
      await terminal.close();
      rmSync(cwd, { recursive: true, force: true });
    }
    const isGone = () => {
      try {
        return process.kill(terminal.pid, 0) ? undefined : true;
      } catch {
        return true;
      }
    };
    await waitUntil(isGone, { what: "the end of what ran in it", deadlineMs: 5_000 });
  });
});
