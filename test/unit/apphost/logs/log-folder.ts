/** Logs in a folder of a test's own, and what the reading of them must come to, found in the simplest way. */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readLogLine } from "../../../../apphost/logs/log-lines.ts";

/** Later than the clock of any machine that runs the test: no line comes in later than its time says. */
export const START_MS = Date.parse("2090-01-01T00:00:00.000Z");

export const timed = (offsetMs: number, text: string): string =>
  `${new Date(START_MS + offsetMs).toISOString()} ${text}`;

export class LogFolder {
  readonly path = mkdtempSync(join(tmpdir(), "flink-apphost-logs-"));
  /** In the order in which they were added. */
  readonly #names: string[] = [];

  pathOf(name: string): string {
    return join(this.path, `${name}.log`);
  }

  append(name: string, text: string | Buffer): void {
    if (!this.#names.includes(name)) this.#names.push(name);
    appendFileSync(this.pathOf(name), text);
  }

  /** By another file of the same name. */
  replace(name: string, text: string): void {
    rmSync(this.pathOf(name));
    writeFileSync(this.pathOf(name), text);
  }

  readonly listPaths = (): ReadonlyMap<string, string> => new Map(this.#names.map((name) => [name, this.pathOf(name)]));

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  /** `resource: line` of all logs, as they must be merged. */
  expectMerged(): string[] {
    const existing = readdirSync(this.path);
    const lines = this.#names.flatMap((name, log) => {
      if (!existing.includes(`${name}.log`)) return [];
      let latestMs = Number.NEGATIVE_INFINITY;
      return splitLines(readFileSync(this.pathOf(name), "utf8")).map((text) => {
        latestMs = Math.max(latestMs, readLogLine(name, text, null).timeMs ?? latestMs);
        return { log, timeMs: latestMs, shown: `${name}: ${text}` };
      });
    });
    // Array.sort keeps the order of equals.
    return lines
      .sort((a, b) => (a.timeMs === b.timeMs ? a.log - b.log : a.timeMs - b.timeMs))
      .map(({ shown }) => shown);
  }
}

/** An unfinished last line is one, too. */
export function splitLines(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
