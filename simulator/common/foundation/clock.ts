/**
 * One clock for all processes of a run. The host takes one pair (wall-clock µs, monotonic ns) at its start and hands it
 * to every child; run time = wall + (monotonic − its start). The monotonic clock is the same for all processes of a
 * machine and never steps, so stamps of different processes can be compared.
 */
export interface RunClock {
  /** Run time in whole microseconds since 1970. Below 2^53 until the year 2255. */
  nowUs(): number;
  /** The pair as text, for a child's environment. */
  readonly pair: string;
}

export function startRunClock(): RunClock {
  const wallUs = Math.round((performance.timeOrigin + performance.now()) * 1000);
  const [seconds, nanoseconds] = process.hrtime();
  return createRunClock(wallUs, seconds, nanoseconds);
}

/** Reads a pair written by `RunClock.pair`. Returns undefined when the text has another form. */
export function parseRunClock(pair: string): RunClock | undefined {
  const match = /^(\d{16}):(\d{1,10})\.(\d{9})$/.exec(pair);
  if (match === null) return undefined;
  return createRunClock(Number(match[1]), Number(match[2]), Number(match[3]));
}

function createRunClock(wallUs: number, startSeconds: number, startNanoseconds: number): RunClock {
  return {
    pair: `${String(wallUs).padStart(16, "0")}:${startSeconds}.${String(startNanoseconds).padStart(9, "0")}`,
    nowUs() {
      const [seconds, nanoseconds] = process.hrtime();
      return wallUs + (seconds - startSeconds) * 1_000_000 + Math.floor((nanoseconds - startNanoseconds) / 1000);
    },
  };
}
