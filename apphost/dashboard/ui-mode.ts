/** Which form of output a run has. */
import { createError } from "../../simulator/common/foundation/errors.ts";
import type { UiMode } from "../options.ts";

export type ResolvedUiMode = Exclude<UiMode, "auto">;
export type LineMode = Exclude<ResolvedUiMode, "tui">;

/** Of a run, in one of the line modes. */
export interface Output {
  /** Writes what is held back, and the summary. Later calls wait for the first. */
  close(): Promise<void>;
}

/** Whether a stream is a terminal; undefined like false. */
type MaybeTerminal = { readonly isTTY?: boolean | undefined };

/** Chooses for `auto`: the dashboard needs a terminal at both ends, and a CI log is none. */
export function resolveUiMode(options: {
  readonly ui: UiMode;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: MaybeTerminal;
  readonly stdout: MaybeTerminal;
}): ResolvedUiMode {
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
