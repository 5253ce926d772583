/**
 * What comes from a stream, as the output of a container does: all of it goes to the log of its resource, and the newest
 * lines are kept for error messages.
 */
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { keepNewest, type ResourceLog } from "./resource-log.ts";

const KEPT_LINES_MAX = 40;
const LINE_LENGTH_MAX = 2_000;

export interface OutputLines {
  add(stream: Readable): void;
  /** The newest lines, oldest first. */
  newest(count: number): string;
}

/** `log` gets the bytes as they come; several streams and several lives of a container may write to the same one. */
export function createOutputLines(log: Pick<ResourceLog, "write">): OutputLines {
  let kept: string[] = [];
  const keep = (lines: readonly string[]) => {
    kept = keepNewest([...kept, ...lines.slice(-KEPT_LINES_MAX)], KEPT_LINES_MAX);
  };
  return {
    add(stream) {
      const decoder = new StringDecoder("utf8");
      let open = "";
      stream.on("data", (chunk: Buffer) => {
        log.write(chunk);
        const lines = (open + decoder.write(chunk)).split("\n");
        // The unfinished end is bounded too: it may be megabytes without an end of line.
        open = (lines.pop() ?? "").slice(-LINE_LENGTH_MAX);
        if (lines.length > 0) keep(lines);
      });
      stream.on("end", () => keep([open + decoder.end()]));
      // A connection that breaks says nothing that the container's end does not say.
      stream.on("error", () => undefined);
    },
    newest: (count) => kept.slice(-count).join("\n"),
  };
}
