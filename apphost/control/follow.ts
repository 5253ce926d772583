/**
 * Resources as they change, for another terminal.
 *
 * L1 The reader gets every item once, and then each item whose text changed, until the run has ended. One that is there
 *    no more, as a TaskManager that was scaled away, comes a last time with `removed`.
 * L2 What is sent is the present state, not a history: a slow reader misses states in between, never the newest, and
 *    nothing piles up for it here.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { EventFeed } from "../run/event-feed.ts";
import type { ItemSink } from "./server.ts";

/** Many resources change at once when a system starts; one look takes them together. */
const GATHER_MS = 20;

export async function followItems(options: {
  readonly feed: EventFeed;
  readonly read: () => readonly { readonly name: string }[];
  readonly sink: ItemSink;
}): Promise<void> {
  const { feed, read, sink } = options;
  const sent = new Map<string, string>();
  let isEnded = false;
  let changed = Promise.withResolvers<void>();
  const unsubscribe = feed.subscribe((event) => {
    if (event.type === "phase" && event.phase === "ended") isEnded = true;
    changed.resolve();
  });
  const leave = () => changed.resolve();
  sink.gone.addEventListener("abort", leave);
  try {
    while (!sink.gone.aborted) {
      changed = Promise.withResolvers<void>();
      const isLast = isEnded;
      const items = read();
      for (const item of items) {
        const text = JSON.stringify(item);
        if (sent.get(item.name) === text) continue;
        sent.set(item.name, text);
        sink.send(item);
      }
      for (const [name, text] of sent) {
        if (items.some((item) => item.name === name)) continue;
        sent.delete(name);
        sink.send({ ...(JSON.parse(text) as object), removed: true });
      }
      if (isLast) return;
      await sink.drained();
      if (!isEnded && !sink.gone.aborted) await changed.promise;
      await delay(GATHER_MS);
    }
  } finally {
    unsubscribe();
    sink.gone.removeEventListener("abort", leave);
  }
}
