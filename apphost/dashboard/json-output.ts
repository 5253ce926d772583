/**
 * The events as NDJSON, for programs: the same as in `events.ndjson`, so `usage` is not among them. The verdict is the last line: the events of taking down come after it in time, so
 * it is held back until the run goes on (a host that stays up) or the output closes. When a verdict was already written
 * and other events followed, the newest one is repeated at the end.
 */
import type { HostEvent } from "../../simulator/common/contract/events.ts";
import type { EventFeed } from "../run/event-feed.ts";
import type { Output } from "./ui-mode.ts";

export function startJsonOutput(options: { feed: EventFeed; write: (line: string) => void }): Output {
  let verdict: HostEvent | undefined;
  let isVerdictLast = false;
  const write = (event: HostEvent) => {
    options.write(JSON.stringify(event));
    isVerdictLast = event.type === "verdict";
  };
  let isHeld = false;
  const unsubscribe = options.feed.subscribe((event) => {
    if (event.type === "usage") return;
    if (event.type === "verdict") {
      if (isHeld && verdict !== undefined) write(verdict);
      verdict = event;
      isHeld = true;
      return;
    }
    if (isHeld && verdict !== undefined && goesOn(event)) {
      write(verdict);
      isHeld = false;
    }
    write(event);
  });
  return {
    async close() {
      unsubscribe();
      if (verdict !== undefined && (isHeld || !isVerdictLast)) write(verdict);
    },
  };
}

/** The run lives on after its verdict: waiting for the next round, or already in it. */
function goesOn(event: HostEvent): boolean {
  return event.type === "phase" && (event.phase === "idle" || event.phase === "producing");
}
