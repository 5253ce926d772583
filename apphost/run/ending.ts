/**
 * How the run comes to its end: the first reason that was given, and a signal that ends every wait. `drained` is no
 * reason to end anything; it is what holds when nobody gave another one.
 */
import type { RunEnding } from "../../simulator/common/contract/files/host-facts.ts";
import { categoryOf, describeError } from "../../simulator/common/foundation/errors.ts";
import { endingOfCategory } from "../exit-code.ts";

export interface Ending {
  readonly signal: AbortSignal;
  readonly reason: RunEnding | null;
  /** True if this call decided; a later one changes nothing. */
  end(ending: RunEnding): boolean;
  endWithError(error: unknown): boolean;
}

export function createEnding(): Ending {
  const controller = new AbortController();
  let reason: RunEnding | null = null;
  const end = (ending: RunEnding): boolean => {
    if (reason !== null) return false;
    reason = ending;
    controller.abort(new Error(`the run ends: ${ending.kind}`));
    return true;
  };
  return {
    signal: controller.signal,
    get reason() {
      return reason;
    },
    end,
    endWithError: (error) => end(endingOfCategory(categoryOf(error), describeError(error))),
  };
}
