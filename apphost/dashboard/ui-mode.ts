/** Which form of output a run has, and what each of them is: started with these options, and closed. */
import { createError } from "../../simulator/common/foundation/errors.ts";
import type { UiMode } from "../options.ts";
import type { EventFeed } from "../run/event-feed.ts";

export type ResolvedUiMode = Exclude<UiMode, "auto">;

export interface Output {
  /** Writes what is held back, restores the terminal, prints the summary. Later calls wait for the first. */
  close(): Promise<void>;
}

export interface OutputOptions {
  readonly ui: UiMode;
  readonly feed: EventFeed;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly stdin: NodeJS.ReadStream & { readonly fd: number };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Run time in µs, for the elapsed time between two events. */
  readonly nowUs: () => number;
  /** Somebody pressed `q` or Ctrl+C: in raw mode the terminal sends no SIGINT. May be called more than once. */
  readonly onStop: () => void;
}

/** Whether a stream is a terminal; undefined like false. */
type MaybeTerminal = { readonly isTTY?: boolean | undefined };

/** Chooses for `auto`: the dashboard needs a terminal at both ends, and a CI log is none. */
export function resolveUiMode(
  options: Pick<OutputOptions, "ui" | "env"> & { readonly stdin: MaybeTerminal; readonly stdout: MaybeTerminal },
): ResolvedUiMode {
  const { ui, stdin, stdout, env } = options;
  const terminal = stdin.isTTY === true && stdout.isTTY === true;
  if (ui === "tui" && !terminal) {
    throw createError("USAGE_CONFLICT", {
      what: "--ui tui needs a terminal as standard input and output",
      advice: "use --ui plain, or omit --ui",
    });
  }
  if (ui !== "auto") return ui;
  const inCi = env["CI"] !== undefined && env["CI"] !== "" && env["CI"] !== "false" && env["CI"] !== "0";
  return terminal && !inCi && env["TERM"] !== "dumb" ? "tui" : "plain";
}
