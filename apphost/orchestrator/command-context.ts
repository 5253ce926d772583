/** What a command on resources works with. */
import type { RunContext } from "../run/run-context.ts";
import type { System } from "./system.ts";

export type Tell = (words: string) => void;

export interface CommandContext {
  readonly run: RunContext;
  readonly system: System;
  /** Aborted when the run ends. */
  readonly signal: AbortSignal;
  /** To the terminal that asked. */
  readonly tell: Tell;
}
