/**
 * For the modes whose standard output is not for it (json, quiet): a person who asked to stop is told on standard error
 * who is being waited for. A run that ends by itself says nothing, unless its end takes long.
 */
import type { EventFeed } from "../run/event-feed.ts";
import { applyEvent, EMPTY_SNAPSHOT } from "./snapshot.ts";

const LONG_MS = 1_000;

/** Returns what ends it. */
export function startStopWords(feed: EventFeed, write: (line: string) => void): () => void {
  let snapshot = EMPTY_SNAPSHOT;
  let isAsked = false;
  return feed.subscribe((event) => {
    const before = snapshot;
    snapshot = applyEvent(before, event);
    isAsked ||= event.type === "stopRequested";
    const isLong = event.type === "stopping" && event.waitedMs >= LONG_MS;
    const isOfInterest =
      event.type === "stopRequested" ||
      event.type === "stopping" ||
      (event.type === "waiting" && snapshot.phase === "stopping");
    const line = snapshot.recent.at(-1);
    if (!isOfInterest || !(isAsked || isLong) || line === undefined) return;
    write(`flink-apphost: ${event.type === "waiting" ? "waiting " : ""}${line.text}`);
  });
}
