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

/**
 * Chooses for `auto`: the dashboard needs a terminal at both ends, and a CI log is none. A screen reader gets lines, which
 * it reads one after the other, and reads the dashboard only to who asks for it.
 */
export function resolveUiMode(options: {
  readonly ui: UiMode;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: MaybeTerminal;
  readonly stdout: MaybeTerminal;
}): ResolvedUiMode {
  const { ui, stdin, stdout, env } = options;
  const terminal = stdin.isTTY === true && stdout.isTTY === true;
  if (ui === "tui") requireScreen("--ui tui", { env, stdin, stdout }, "use --ui plain, or omit --ui");
  if (ui !== "auto") return ui;
  const inCi = env["CI"] !== undefined && env["CI"] !== "" && env["CI"] !== "false" && env["CI"] !== "0";
  return terminal && !inCi && !isDumb(env) && !isSpoken(env) ? "tui" : "plain";
}

/** Ink's own variable: https://github.com/vadimdemedes/ink#screen-reader-support */
export const isSpoken = (env: Readonly<Record<string, string | undefined>>): boolean =>
  env["INK_SCREEN_READER"] === "true";

/** Refuses what cannot show a screen, before anything is started. */
export function requireScreen(
  what: string,
  { env, stdin, stdout }: Pick<Parameters<typeof resolveUiMode>[0], "env" | "stdin" | "stdout">,
  advice: string,
): void {
  if (stdin.isTTY !== true || stdout.isTTY !== true) {
    throw createError("USAGE_CONFLICT", { what: `${what} needs a terminal as standard input and output`, advice });
  }
  if (isDumb(env)) {
    throw createError("USAGE_CONFLICT", {
      what: `${what} needs a terminal that moves its cursor, and TERM is dumb`,
      advice,
    });
  }
}

const isDumb = (env: Readonly<Record<string, string | undefined>>): boolean => env["TERM"] === "dumb";
