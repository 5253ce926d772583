/**
 * What a person or a program sees of a run, in one of four forms. The host starts it once, before any child, and closes
 * it last; everything between comes from the event feed.
 *
 *   tui    the dashboard on the terminal's alternate screen, and a short durable summary when it is gone
 *   plain  one line per change, one per second of progress, the summary; in GitHub Actions with its groups
 *   json   the events as NDJSON on stdout and nothing else there; the last line is the verdict
 *   quiet  the summary alone
 *
 * O1 A reader that goes away (`| head`) ends the output, not the run.
 * O2 The dashboard's packages are loaded only for it, with NODE_ENV=production, and no child inherits that.
 */
import type { EventFeed } from "../run/event-feed.ts";
import { isGithubActions, startGithubOutput } from "./github-output.ts";
import { startJsonOutput } from "./json-output.ts";
import { startPlainOutput, startStopWords } from "./plain-output.ts";
import { type Output, type OutputOptions, type ResolvedUiMode, resolveUiMode } from "./ui-mode.ts";

export async function startOutput(options: OutputOptions): Promise<Output> {
  const mode = resolveUiMode(options);
  const write = createWriter(options.stdout);
  const output = await startMode(mode, options, write);
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

async function startMode(mode: ResolvedUiMode, options: OutputOptions, write: LineWriter): Promise<Output> {
  switch (mode) {
    case "json":
      return withStopWords(options, startJsonOutput({ feed: options.feed, write: write.line }));
    case "plain":
      return startPlain(options, write);
    case "quiet":
      return withStopWords(options, startPlainOutput({ feed: options.feed, write: write.line, summaryOnly: true }));
    case "tui": {
      const { startTuiOutput } = await importForProduction();
      return startTuiOutput({ ...options, write: write.line, colors: (options.env["NO_COLOR"] ?? "") === "" });
    }
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

/** React picks its build when it is imported; its development build leaks memory and takes three times the CPU. */
async function importForProduction() {
  const before = process.env["NODE_ENV"];
  process.env["NODE_ENV"] = "production";
  try {
    return await import("./tui-output.tsx");
  } finally {
    if (before === undefined) delete process.env["NODE_ENV"];
    else process.env["NODE_ENV"] = before;
  }
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
