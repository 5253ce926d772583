/** What a child writes: all of it to the log file of its resource, and the newest lines kept for error messages. */
import type { Readable, Writable } from "node:stream";

const KEPT_LINES_MAX = 40;
const LINE_LENGTH_MAX = 2_000;

export interface OutputLines {
  add(stream: Readable): void;
  /** The newest lines, oldest first. */
  newest(count: number): string;
}

/** `log` gets the bytes as they come; several streams and several lives of a process may write to the same one. */
export function createOutputLines(log: Writable): OutputLines {
  const kept: string[] = [];
  const keep = (line: string) => {
    if (line.trim() === "") return;
    kept.push(line.slice(0, LINE_LENGTH_MAX));
    if (kept.length > KEPT_LINES_MAX) kept.shift();
  };
  return {
    add(stream) {
      let open = "";
      stream.setEncoding("utf8");
      stream.on("data", (text: string) => {
        log.write(text);
        const lines = (open + text).split("\n");
        // The unfinished end is bounded too: a child may write megabytes without an end of line.
        open = (lines.pop() ?? "").slice(-LINE_LENGTH_MAX);
        lines.forEach(keep);
      });
      stream.on("end", () => keep(open));
      // A pipe that breaks says nothing that the child's exit does not say.
      stream.on("error", () => undefined);
    },
    newest: (count) => kept.slice(-count).join("\n"),
  };
}
