/**
 * The one feed of a run's events: the log files, the JSON output and the dashboard all hang on it.
 *
 * F1 Each event is stamped once, appended to `events.ndjson` first, then shown: what was shown can be read later.
 * F2 Every listener sees every event in the same order. A late one first gets the newest 1,000, which is all the feed
 *    keeps, so a run of any length needs the same memory.
 * F3 `usage` comes each second and is a figure, not something that happened: it is appended to `metrics.ndjson` instead,
 *    and a late listener gets no old ones. While the host is idle it is shown and not appended: an idle host writes
 *    nothing.
 */
import type { HostEvent, HostEventBody } from "../../simulator/common/contract/events.ts";
import type { RunClock } from "../../simulator/common/foundation/clock.ts";

const KEPT_EVENTS_MAX = 1_000;

export type EventListener = (event: HostEvent) => void;

export interface EventFeed {
  emit(body: HostEventBody): void;
  /** Replays the kept events to the listener, then calls it for each new one. Returns what ends that. */
  subscribe(listener: EventListener): () => void;
}

export interface EventFeedOptions {
  readonly clock: Pick<RunClock, "nowUs">;
  /** Gets each event as one line of JSON with its end of line. */
  readonly append: (line: string) => void;
  /** The same for `usage` (F3). */
  readonly appendMetrics: (line: string) => void;
}

export function createEventFeed(options: EventFeedOptions): EventFeed {
  const kept: HostEvent[] = [];
  const listeners = new Set<EventListener>();
  let isIdle = false;
  const keep = (event: HostEvent) => {
    if (event.type === "usage") {
      if (!isIdle) options.appendMetrics(`${JSON.stringify(event)}\n`);
      return;
    }
    if (event.type === "phase") isIdle = event.phase === "idle";
    options.append(`${JSON.stringify(event)}\n`);
    kept.push(event);
    if (kept.length > KEPT_EVENTS_MAX) kept.shift();
  };
  return {
    emit(body) {
      const event: HostEvent = { atUs: options.clock.nowUs(), ...body };
      keep(event);
      for (const listener of [...listeners]) listener(event);
    },
    subscribe(listener) {
      for (const event of [...kept]) listener(event);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
