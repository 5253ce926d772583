/**
 * What a program, or a person without a dashboard, sees of a run, in one of three forms. The host starts it once, before
 * any child, and closes it last; everything between comes from the event feed.
 *
 *   plain  one line per change, one per second of progress, the summary; in GitHub Actions with its groups
 *   json   the events as NDJSON on stdout and nothing else there; the last line is the verdict
 *   quiet  the summary alone
 *
 * O1 A reader that goes away (`| head`) ends the output, not the run.
 */
import { unreachable } from "../../simulator/common/foundation/assert.ts";
import type { EventFeed } from "../run/event-feed.ts";
import { isGithubActions, startGithubOutput } from "./github-output.ts";
import { startJsonOutput } from "./json-output.ts";
import { startPlainOutput, startStopWords } from "./plain-output.ts";
import type { LineMode, Output } from "./ui-mode.ts";

export interface OutputOptions {
  readonly ui: LineMode;
  readonly feed: EventFeed;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function startOutput(options: OutputOptions): Output {
  const write = createWriter(options.stdout);
  const output = startMode(options, write);
  let closed: Promise<void> | undefined;
  return {
    close() {
      closed ??= output.close().then(() => write.flush());
      return closed;
    },
  };
}

function withStopWords({ feed, stderr }: OutputOptions, output: Output): Output {
  const unsubscribe = startStopWords(feed, createWriter(stderr).line);
  return {
    close() {
      unsubscribe();
      return output.close();
    },
  };
}

function startMode(options: OutputOptions, write: LineWriter): Output {
  const { ui, feed } = options;
  switch (ui) {
    case "json":
      return withStopWords(options, startJsonOutput({ feed, write: write.line }));
    case "plain":
      return startPlain(options, write);
    case "quiet":
      return withStopWords(options, startPlainOutput({ feed, write: write.line, summaryOnly: true }));
    default:
      return unreachable(ui);
  }
}

function startPlain({ feed, env }: OutputOptions, write: LineWriter): Output {
  const start = (shown: EventFeed) => startPlainOutput({ feed: shown, write: write.line, summaryOnly: false });
  if (!isGithubActions(env)) return start(feed);
  return startGithubOutput({
    feed,
    write: write.line,
    summaryPath: env["GITHUB_STEP_SUMMARY"],
    startPlain: start,
  });
}

export interface LineWriter {
  readonly line: (text: string) => void;
  /** Resolves when all is handed to the system, or the reader is gone. */
  flush(): Promise<void>;
}

/** Writes whole lines. After an error of the stream nothing more is written (O1). */
function createWriter(stream: NodeJS.WriteStream): LineWriter {
  let gone = false;
  stream.on("error", () => {
    gone = true;
  });
  return {
    line: (text) => {
      if (!gone) stream.write(`${text}\n`);
    },
    flush: () =>
      new Promise((resolve) => {
        if (gone) resolve();
        else stream.write("", () => resolve());
      }),
  };
}
