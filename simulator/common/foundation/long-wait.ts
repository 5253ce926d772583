/**
 * No wait is silent: one that takes longer than 2 s says what it waits for, how long it has and how long it may, and again
 * every 4 s. Whoever waits gives the words, and the place where they go.
 *
 * L1 Nothing is told of a wait that is over within 2 s, nor after its end.
 * L2 The words are asked for anew each time, since what is waited for may change.
 */
import { formatCount } from "./figures.ts";

export interface WaitWords {
  /** What is waited for, after "waiting for": `kafka to answer`. Must not throw. */
  readonly what: string | (() => string | Promise<string>);
  /** When the wait gives up. Null: by other waits within it. */
  readonly deadlineMs: number | null;
}

export interface LongWait {
  readonly what: string;
  readonly waitedMs: number;
  readonly deadlineMs: number | null;
}

export type TellLongWait = (wait: LongWait) => void;

const TELL_AFTER_MS = 2_000;
const TELL_INTERVAL_MS = 4_000;

/** The outcome of the work. The wait does not end it: its deadline is the work's own. */
export async function tellLongWait<T>(work: Promise<T>, words: WaitWords, tell: TellLongWait): Promise<T> {
  const { what, deadlineMs } = words;
  const startedAtMs = performance.now();
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  const tellNow = async () => {
    const text = typeof what === "string" ? what : await what();
    if (isOver) return;
    tell({ what: text, waitedMs: Math.round(performance.now() - startedAtMs), deadlineMs });
    tellAfter(TELL_INTERVAL_MS);
  };
  const tellAfter = (ms: number) => {
    timer = setTimeout(() => void tellNow(), ms).unref();
  };
  tellAfter(TELL_AFTER_MS);
  try {
    return await work;
  } finally {
    isOver = true;
    clearTimeout(timer);
  }
}

/** `waiting for kafka to answer, 6 s of at most 120 s`. */
export const describeLongWait = ({ what, waitedMs, deadlineMs }: LongWait): string =>
  `waiting for ${what}, ${describeWaited(waitedMs, deadlineMs)}`;

/** `at most 120 s` at its beginning, `6 s of at most 120 s`, and `6 s so far` where it has no end of its own. */
export function describeWaited(waitedMs: number, deadlineMs: number | null): string {
  const waited = formatWholeSeconds(waitedMs);
  if (deadlineMs === null) return `${waited} so far`;
  const most = `at most ${formatWholeSeconds(deadlineMs)}`;
  return waitedMs < 500 ? most : `${waited} of ${most}`;
}

const formatWholeSeconds = (ms: number): string => `${formatCount(ms / 1_000)} s`;
