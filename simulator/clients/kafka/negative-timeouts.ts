/**
 * kafkajs arms timers with negative delays, and Node says so on stderr each time (TimeoutNegativeWarning). They are
 * harmless (Node waits 1 ms) and must not reach the user's terminal. While at least one user asks for it, exactly this
 * warning is dropped; all others pass.
 */
let users = 0;
let original: typeof process.emitWarning | undefined;

/** Returns what ends it. */
export function silenceNegativeTimeouts(): () => void {
  users += 1;
  if (users === 1) install();
  let ended = false;
  return () => {
    if (ended) return;
    ended = true;
    users -= 1;
    if (users === 0) restore();
  };
}

function install(): void {
  const before = process.emitWarning;
  original = before;
  const filtered = (...parameters: unknown[]) => {
    if (parameters[1] === "TimeoutNegativeWarning") return;
    Reflect.apply(before, process, parameters);
  };
  process.emitWarning = filtered as typeof process.emitWarning;
}

function restore(): void {
  if (original !== undefined) process.emitWarning = original;
  original = undefined;
}
