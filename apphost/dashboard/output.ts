/**
 * What a program, or a person without a dashboard, sees of a run, in one of three forms. The host starts it once, before
 * any child, and closes it last; everything between comes from the event feed.
 *
 *   plain  one line per change, one per second of progress, the summary; in GitHub Actions with its groups
 *   json   the events as NDJSON on stdout and nothing else there; the last line is the verdict
 *   quiet  the summary alone
 *
 * O1 A reader that goes away (`| head`) ends the output, not the run. So does a disk that is full, and only that is a
 *    failure: whoever reads the file would take a part of it for all. Either is told once, as soon as it is known.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
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
  /** Called at most once (O1). */
  readonly onLost: (loss: NodeJS.ErrnoException) => void;
}

export interface RunOutput extends Output {
  /** What standard output failed with, known for certain once it is closed (O1). */
  readonly failure: Error | null;
}

export function startOutput(options: OutputOptions): RunOutput {
  let failure: Error | null = null;
  const write = createWriter(options.stdout, (loss) => {
    if (loss.code !== "EPIPE") failure = loss;
    options.onLost(loss);
  });
  const output = startMode(options, write);
  let closed: Promise<void> | undefined;
  return {
    get failure() {
      return failure;
    },
    close() {
      closed ??= output.close().then(() => write.flush());
      return closed;
    },
  };
}

function withStopWords({ feed, stderr }: OutputOptions, output: Output): Output {
  const unsubscribe = startStopWords(feed, createWriter(stderr, () => undefined).line);
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
  /** Resolves when all is handed to the system, or lost. */
  flush(): Promise<void>;
}

/** Writes whole lines. After an error of the stream nothing more is written (O1). */
function createWriter(stream: NodeJS.WriteStream, onLost: (loss: NodeJS.ErrnoException) => void): LineWriter {
  let gone = false;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (!gone) onLost(error);
    gone = true;
  });
  return {
    line: (text) => {
      if (!gone) stream.write(`${text}\n`);
    },
    async flush() {
      if (gone) return;
      await new Promise<void>((resolve) => void stream.write("", () => resolve()));
      // An error of the last line is told a turn after it was written.
      await nextTurn();
    },
  };
}
