/** What a command on resources works with, and how it names them to the person who waits. */
import type { RunContext } from "./run-context.ts";
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

const NAMES_SHOWN = 3;

/** `a, b, c and 17 more`. */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN).join(", ");
  return names.length <= NAMES_SHOWN ? shown : `${shown} and ${names.length - NAMES_SHOWN} more`;
}
