/** A run that is watched over a real socket: by whoever comes when, by one that does not read, and until its end. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import { followHost } from "../../../../apphost/control/client.ts";
import type { Answer, WatchItem } from "../../../../apphost/control/protocol.ts";
import { type ItemSink, startControlServer } from "../../../../apphost/control/server.ts";
import { SnapshotStream } from "../../../../apphost/control/snapshot-stream.ts";
import { controlSocketPath } from "../../../../apphost/files/socket-files.ts";
import { createEventFeed } from "../../../../apphost/run/event-feed.ts";
import { applyEvent, EMPTY_SNAPSHOT, type Snapshot } from "../../../../apphost/snapshot/snapshot.ts";
import type { HostEvent, HostEventBody } from "../../../../simulator/common/contract/events.ts";
import { waitUntil } from "../../../../simulator/common/foundation/deadline.ts";
import { sampleEvents, sampleProgress } from "../../../support/sample-events.ts";

const END: HostEventBody = { type: "phase", phase: "ended", detail: "" };
/** What the kernel holds for a reader of a Unix socket, with room for one snapshot and one event more. */
const HELD_BYTES_MAX = 1_000_000;

interface Watched {
  readonly address: { readonly socket: string; readonly token: string };
  readonly emit: (body: HostEventBody) => void;
  /** What the host's own reduction has come to. */
  readonly snapshot: () => Snapshot;
  /** Of all watchers together. */
  readonly sentBytes: () => number;
  readonly watchers: () => number;
}

async function withStream(work: (watched: Watched) => Promise<void>): Promise<void> {
  let nowUs = 0;
  const clock = { nowUs: () => (nowUs += 1_000) };
  const feed = createEventFeed({ clock, append: () => undefined, appendMetrics: () => undefined });
  const stream = new SnapshotStream(feed, clock.nowUs);
  let snapshot = EMPTY_SNAPSHOT;
  feed.subscribe((event) => {
    snapshot = applyEvent(snapshot, event);
  });
  let sentBytes = 0;
  let watchers = 0;
  const path = controlSocketPath(randomBytes(4).toString("hex"));
  const server = await startControlServer({
    path,
    token: "right",
    async handle(_request, _accept, sink) {
      watchers += 1;
      await stream.serve(countBytes(sink, (bytes) => (sentBytes += bytes)));
      watchers -= 1;
      return {};
    },
  });
  try {
    await work({
      address: { socket: path, token: "right" },
      emit: feed.emit,
      snapshot: () => snapshot,
      sentBytes: () => sentBytes,
      watchers: () => watchers,
    });
  } finally {
    await server.close();
  }
}

const countBytes = (sink: ItemSink, count: (bytes: number) => void): ItemSink => ({
  send(item) {
    count(JSON.stringify(item).length);
    sink.send(item);
  },
  get isFull() {
    return sink.isFull;
  },
  drained: () => sink.drained(),
  gone: sink.gone,
});

const applyItem = (before: Snapshot, item: WatchItem): Snapshot =>
  item.kind === "snapshot" ? item.snapshot : applyEvent(before, item.event);

/** All items until the end. */
async function watchToEnd({ address }: Watched): Promise<WatchItem[]> {
  const items: WatchItem[] = [];
  for await (const item of followHost(address, { request: "watch" })) items.push(item as WatchItem);
  return items;
}

const until = (what: string, isSo: () => boolean) => waitUntil(() => isSo() || undefined, { what, deadlineMs: 10_000 });

const bodyOf = ({ atUs: _, ...body }: HostEvent): HostEventBody => body as HostEventBody;
const beforeEnd = sampleEvents()
  .map(bodyOf)
  .filter((body) => body.type !== "phase" || body.phase !== "ended");

it("whenever somebody comes, all screens come to the same snapshot, and the end is the last item (S1, S3)", async () => {
  await withStream(async (watched) => {
    const half = Math.floor(beforeEnd.length / 2);
    const early = watchToEnd(watched);
    await until("the first watcher", () => watched.watchers() === 1);
    for (const body of beforeEnd.slice(0, half)) watched.emit(body);
    const late = watchToEnd(watched);
    await until("the second watcher", () => watched.watchers() === 2);
    for (const body of [...beforeEnd.slice(half), END]) watched.emit(body);
    const expected = JSON.parse(JSON.stringify(watched.snapshot())) as Snapshot;
    for (const items of [await early, await late]) {
      expect(items[0]?.kind).toBe("snapshot");
      expect(items.reduce(applyItem, EMPTY_SNAPSHOT)).toEqual(expected);
      const last = items.at(-1);
      const phase = last?.kind === "snapshot" ? last.snapshot.phase : last?.event.type === "phase" && last.event.phase;
      expect(phase).toBe("ended");
    }
    // Whoever comes after the end gets it, and waits for nothing.
    const afterEnd = await watchToEnd(watched);
    expect(afterEnd).toMatchObject([{ kind: "snapshot", snapshot: { phase: "ended" } }]);
  });
});

/** Asks to watch, and reads nothing. */
async function watchWithoutReading({ address }: Watched): Promise<Socket> {
  const socket = connect(address.socket).pause();
  await once(socket, "connect");
  socket.write(`${JSON.stringify({ token: address.token, request: "watch" })}\n`);
  return socket;
}

/** In turns, as a run does: what can be written in between is written. */
async function emitFlood({ emit }: Watched, count: number): Promise<number> {
  let bytes = 0;
  for (let n = 0; n < count; n += 1) {
    const body = sampleProgress(n / count);
    bytes += JSON.stringify(body).length;
    emit(body);
    if (n % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return bytes;
}

it("nothing piles up for who does not read, who then gets the present in place of what it missed (S2)", async () => {
  await withStream(async (watched) => {
    for (const body of beforeEnd) watched.emit(body);
    const socket = await watchWithoutReading(watched);
    await until("the watcher", () => watched.watchers() === 1);
    const emittedBytes = await emitFlood(watched, 3_000);
    expect(emittedBytes).toBeGreaterThan(5 * HELD_BYTES_MAX);
    expect(watched.sentBytes()).toBeLessThan(HELD_BYTES_MAX);

    const items: WatchItem[] = [];
    createInterface({ input: socket }).on("line", (line) => {
      const answer = JSON.parse(line) as Answer;
      if (answer.type === "item") items.push(answer.item as WatchItem);
    });
    await until("the present", () => {
      const newest = items.findLast((item) => item.kind === "snapshot");
      return newest?.kind === "snapshot" && newest.snapshot.lastEventAtUs === watched.snapshot().lastEventAtUs;
    });
    watched.emit(END);
    await once(socket, "close");
    expect(items.reduce(applyItem, EMPTY_SNAPSHOT)).toEqual(JSON.parse(JSON.stringify(watched.snapshot())));
    expect(items.length).toBeLessThan(1_500);
  });
});

it("an end that comes while nobody reads is still the last item for who reads again (S2, S3)", async () => {
  await withStream(async (watched) => {
    const socket = await watchWithoutReading(watched);
    await until("the watcher", () => watched.watchers() === 1);
    await emitFlood(watched, 1_000);
    watched.emit(END);
    const lines: string[] = [];
    createInterface({ input: socket }).on("line", (line) => lines.push(line));
    await once(socket, "close");
    const [last, result] = lines.slice(-2).map((line) => JSON.parse(line) as Answer);
    expect(last).toMatchObject({ type: "item", item: { kind: "snapshot", snapshot: { phase: "ended" } } });
    expect(result).toEqual({ type: "result", result: {} });
  });
});

it("for who is gone nothing is kept and nothing is sent, and the run and others go on (S2)", async () => {
  await withStream(async (watched) => {
    const socket = await watchWithoutReading(watched);
    await until("the watcher", () => watched.watchers() === 1);
    await emitFlood(watched, 1_000);
    socket.destroy();
    await until("its leave", () => watched.watchers() === 0);
    const sentBefore = watched.sentBytes();
    await emitFlood(watched, 100);
    expect(watched.sentBytes()).toBe(sentBefore);
    const other = watchToEnd(watched);
    await until("another watcher", () => watched.watchers() === 1);
    watched.emit(END);
    expect((await other).reduce(applyItem, EMPTY_SNAPSHOT).phase).toBe("ended");
  });
});
