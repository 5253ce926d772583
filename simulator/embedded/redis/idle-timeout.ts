/** The setting `timeout` of CONFIG SET: looks once a second for silent clients, and only while it is set. */
import type { ServerState } from "./commands/command.ts";

const CHECK_INTERVAL_MS = 1_000;

export function createIdleTimeout(
  nowMs: () => number,
  closeIdle: (silentSinceMs: number) => void,
): ServerState["idleTimeout"] {
  let seconds = 0;
  let timer: NodeJS.Timeout | undefined;
  return {
    get seconds() {
      return seconds;
    },
    set(value) {
      seconds = value;
      clearInterval(timer);
      if (seconds === 0) return;
      timer = setInterval(() => closeIdle(nowMs() - seconds * 1_000), CHECK_INTERVAL_MS);
      timer.unref();
    },
  };
}
