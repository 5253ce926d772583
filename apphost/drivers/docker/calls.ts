/** Calls to the engine: each with a deadline, its failure in our words, and for some a second chance. */
import { setTimeout as delay } from "node:timers/promises";
import { withDeadline } from "../../../simulator/common/foundation/deadline.ts";
import { createError, describeError, isAppError } from "../../../simulator/common/foundation/errors.ts";

/** Creating a container on a slow disk takes seconds; nothing that is alive takes longer. */
export const CALL_MS_MAX = 30_000;
/** An engine that is restarted, by an update for example, is back within this time or not at all. */
export const ENGINE_BACK_MS_MAX = 15_000;
const RETRY_MS = 250;

/** Throws ENGINE_CALL_FAILED. */
export async function callEngine<T>(call: string, work: () => Promise<T>, deadlineMs = CALL_MS_MAX): Promise<T> {
  try {
    return await withDeadline(work(), { what: "its answer", deadlineMs });
  } catch (error) {
    throw createError("ENGINE_CALL_FAILED", { call }, error);
  }
}

/** Repeats a call that may be repeated while nobody answers. Throws what the last attempt met. */
export async function callPatiently<T>(
  call: string,
  work: () => Promise<T>,
  patienceMs = ENGINE_BACK_MS_MAX,
): Promise<T> {
  const endsAtMs = performance.now() + patienceMs;
  for (;;) {
    try {
      return await callEngine(call, work, patienceMs);
    } catch (error) {
      if (statusOf(error) !== undefined || performance.now() > endsAtMs) throw error;
    }
    await delay(RETRY_MS);
  }
}

/** The engine's HTTP status, where it answered at all. */
export function statusOf(error: unknown): number | undefined {
  const answer = isAppError(error) ? error.cause : error;
  const status = (answer as { statusCode?: unknown } | null | undefined)?.statusCode;
  return typeof status === "number" ? status : undefined;
}

/** What the engine itself said: without the decoration that its client adds. */
export function engineMessage(error: unknown): string {
  const answer = isAppError(error) ? error.cause : error;
  // `(HTTP code 404) no such container - No such container: 05f377c1 `
  return describeError(answer)
    .replace(/^\(HTTP code \d+\) [^-]* - /, "")
    .trim();
}
