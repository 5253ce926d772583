/**
 * A run as every screen sees it: one snapshot, made from the feed, and sent to those who watch.
 *
 * S1 A watcher gets the whole snapshot, and then each event. It reduces them as this one does, so all screens of a run
 *    show the same, whenever they came.
 * S2 Who reads too slowly, or is stopped, gets a new snapshot in place of what it missed: nothing piles up for it here.
 * S3 The event that ends the run is the last item.
 */
import type { HostEvent } from "../../simulator/common/contract/events.ts";
import type { EventFeed } from "../run/event-feed.ts";
import { applyEvent, EMPTY_SNAPSHOT, type Snapshot } from "../snapshot/snapshot.ts";
import type { WatchItem } from "./protocol.ts";
import type { ItemSink } from "./server.ts";

export class SnapshotStream {
  #snapshot: Snapshot = EMPTY_SNAPSHOT;
  readonly #watchers = new Set<(event: HostEvent) => void>();
  readonly #nowUs: () => number;

  /** The feed is followed from here on, for as long as the run lasts. `nowUs`: its clock. */
  constructor(feed: Pick<EventFeed, "subscribe">, nowUs: () => number) {
    this.#nowUs = nowUs;
    feed.subscribe((event) => {
      this.#snapshot = applyEvent(this.#snapshot, event);
      for (const watcher of [...this.#watchers]) watcher(event);
    });
  }

  /** Settles when the run has ended, or the reader is gone. */
  async serve(sink: ItemSink): Promise<void> {
    const over = Promise.withResolvers<void>();
    let hasMissed = false;
    let isWaiting = false;
    const send = (item: WatchItem) => {
      sink.send(item);
      if (!sink.isFull || isWaiting) return;
      isWaiting = true;
      void sink.drained().then(() => {
        isWaiting = false;
        if (hasMissed) sendWhole();
      });
    };
    const sendWhole = () => {
      hasMissed = false;
      send({ kind: "snapshot", snapshot: this.#snapshot, nowUs: this.#nowUs() });
      if (isEnd(this.#snapshot)) over.resolve();
    };
    const onEvent = (event: HostEvent) => {
      if (isWaiting) {
        hasMissed = true;
        return;
      }
      send({ kind: "event", event });
      if (isEnd(this.#snapshot)) over.resolve();
    };
    const leave = () => over.resolve();
    sink.gone.addEventListener("abort", leave);
    this.#watchers.add(onEvent);
    try {
      sendWhole();
      if (!sink.gone.aborted) await over.promise;
    } finally {
      this.#watchers.delete(onEvent);
      sink.gone.removeEventListener("abort", leave);
    }
  }
}

/** S3. */
const isEnd = ({ phase }: Snapshot): boolean => phase === "ended";
