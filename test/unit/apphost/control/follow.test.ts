/** Following resources: each change, the newest state for a slow reader, and the end with the run. */
import { expect, it } from "vitest";
import { followItems } from "../../../../apphost/control/follow.ts";
import type { ItemSink } from "../../../../apphost/control/server.ts";
import { createEventFeed } from "../../../../apphost/run/event-feed.ts";
import { waitUntil } from "../../../../simulator/common/foundation/deadline.ts";

type Item = { readonly name: string; readonly state: string };

function createFollowed() {
  const feed = createEventFeed({ clock: { nowUs: () => 0 }, append: () => undefined, appendMetrics: () => undefined });
  const items = new Map<string, string>([
    ["a", "starting"],
    ["b", "starting"],
  ]);
  const sent: Item[] = [];
  const gone = new AbortController();
  let drained: Promise<void> = Promise.resolve();
  const sink: ItemSink = {
    send: (item) => sent.push(item as Item),
    isFull: false,
    drained: () => drained,
    gone: gone.signal,
  };
  const read = () => [...items].map(([name, state]) => ({ name, state }));
  const change = (name: string, state: string) => {
    items.set(name, state);
    feed.emit({ type: "notice", level: "info", resource: name, text: state });
  };
  return {
    feed,
    items,
    sent,
    gone,
    change,
    done: followItems({ feed, read, sink }),
    hold(until: Promise<void>) {
      drained = until;
    },
    sentAtLeast: (count: number) =>
      waitUntil(() => (sent.length >= count ? true : undefined), { what: `${count} items`, deadlineMs: 5_000 }),
  };
}

it("sends all, then what changed, and ends after the last change (L1)", async () => {
  const followed = createFollowed();
  await followed.sentAtLeast(2);
  followed.change("b", "running");
  await followed.sentAtLeast(3);
  followed.change("a", "exited");
  followed.feed.emit({ type: "phase", phase: "ended", detail: "" });
  await followed.done;
  expect(followed.sent).toEqual([
    { name: "a", state: "starting" },
    { name: "b", state: "starting" },
    { name: "b", state: "running" },
    { name: "a", state: "exited" },
  ]);
});

it("says once that a resource is there no more (L1)", async () => {
  const followed = createFollowed();
  await followed.sentAtLeast(2);
  followed.items.delete("b");
  followed.change("a", "running");
  await followed.sentAtLeast(4);
  followed.feed.emit({ type: "phase", phase: "ended", detail: "" });
  await followed.done;
  expect(followed.sent.slice(2)).toEqual([
    { name: "a", state: "running" },
    { name: "b", state: "starting", removed: true },
  ]);
});

it("keeps nothing for a reader that does not read, and tells it the newest state (L2)", async () => {
  const followed = createFollowed();
  const reading = Promise.withResolvers<void>();
  followed.hold(reading.promise);
  await followed.sentAtLeast(2);
  for (let i = 0; i < 100; i += 1) followed.change("a", `state ${i}`);
  reading.resolve();
  await followed.sentAtLeast(3);
  followed.gone.abort();
  await followed.done;
  expect(followed.sent.slice(2)).toEqual([{ name: "a", state: "state 99" }]);
});
