/**
 * Keeps the resident memory of the embedded Redis near its bound: counting the data bounds what is alive, but the engine
 * would rather let garbage grow to as much again than collect it.
 *
 *   below the bound → (more is resident) collect → quiet until GARBAGE_BYTES more are resident → collect → …
 *
 * G1 The resident memory is looked at when LOOK_INTERVAL_MS have passed, or when LOOK_BYTES have been read or dropped from
 *    the data: what is read takes several times as much until it is data. Below the bound nothing else happens: a run
 *    that is far from it pays microseconds of each interval.
 * G2 Above it garbage is collected at once. What is left then is alive, and only what comes on top is worth the next
 *    collection: collecting again and again would stop all clients for nothing. What is dropped from the data later is no
 *    longer alive, and counts as come on top.
 * G3 The engine keeps pages of its heap that have become empty, or nearly so, for later: 200 MB after FLUSHALL, while long
 *    values lie outside of its heap. Where that is more than GARBAGE_BYTES the heap is made compact and the pages go.
 */
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { MemoryUse } from "./keyspace.ts";

const MIB = 1_048_576;
const LOOK_INTERVAL_MS = 50;
/** Asking for the time costs, too. */
const COMMANDS_BETWEEN_CLOCKS = 16;
const LOOK_BYTES = 4 * MIB;
const GARBAGE_BYTES = 12 * MIB;
/** What the engine and the program themselves take beyond the bound of what they work for. */
const ENGINE_BYTES = 16 * MIB;

export interface MemorySource {
  readonly nowMs: () => number;
  readonly residentBytes: () => number;
  /** Of the resident memory, what is in use by values: the rest is the program itself, and what the engine keeps. */
  readonly usedBytes: () => number;
  readonly collect: (how: "quickly" | "compactly") => void;
}

export class MemoryGuard {
  readonly #use: MemoryUse;
  readonly #source: MemorySource;
  #commandsLeft = COMMANDS_BETWEEN_CLOCKS;
  #lookAfterMs = 0;
  /** What the program takes without any values. */
  readonly #ownBytes: number;
  /** What was resident after the last collection, and what was data then. */
  #alive: { readonly residentBytes: number; readonly dataBytes: number };

  constructor(use: MemoryUse, source: MemorySource) {
    this.#use = use;
    this.#source = source;
    this.#alive = { residentBytes: 0, dataBytes: 0 };
    this.#ownBytes = this.#unusedBytes;
  }

  get #unusedBytes(): number {
    return this.#source.residentBytes() - this.#source.usedBytes();
  }

  get #quietBytes(): number {
    return this.#use.bytesMax + ENGINE_BYTES;
  }

  /** Data that were added are an estimate above what they take, so they raise nothing. */
  get #collectAboveBytes(): number {
    const droppedBytes = Math.max(0, this.#alive.dataBytes - this.#use.bytes);
    return Math.max(this.#quietBytes, this.#alive.residentBytes - droppedBytes + GARBAGE_BYTES);
  }

  /** To be called after each command. */
  afterCommand(): void {
    this.#commandsLeft -= 1;
    if (this.#commandsLeft > 0 && this.#use.garbageBytes < LOOK_BYTES) return;
    this.#lookIfDue();
  }

  /** To be called after each read of a socket. */
  afterTurn(readBytes: number): void {
    this.#use.garbageBytes += readBytes;
    this.#lookIfDue();
  }

  /** To be called before a command makes a value of so many bytes. */
  makeRoom(bytes: number): void {
    if (bytes < GARBAGE_BYTES) return;
    if (this.#source.residentBytes() + bytes > this.#quietBytes) this.#collect();
  }

  #lookIfDue(): void {
    this.#commandsLeft = COMMANDS_BETWEEN_CLOCKS;
    const nowMs = this.#source.nowMs();
    if (nowMs < this.#lookAfterMs && this.#use.garbageBytes < LOOK_BYTES) return;
    this.#lookAfterMs = nowMs + LOOK_INTERVAL_MS;
    this.#use.garbageBytes = 0;
    if (this.#source.residentBytes() > this.#collectAboveBytes) this.#collect();
  }

  #collect(): void {
    const { residentBytes, collect } = this.#source;
    collect("quickly");
    const keptBytes = this.#unusedBytes - this.#ownBytes;
    if (residentBytes() > this.#quietBytes && keptBytes > GARBAGE_BYTES) collect("compactly");
    this.#alive = { residentBytes: residentBytes(), dataBytes: this.#use.bytes };
  }
}

/** Of this process. */
export function createMemoryGuard(use: MemoryUse): MemoryGuard {
  // The way to the collector that needs no flag on the command line of whoever starts this process.
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options: { type: "major"; flavor: "regular" | "last-resort" }) => void;
  return new MemoryGuard(use, {
    nowMs: () => performance.now(),
    residentBytes: () => process.memoryUsage.rss(),
    usedBytes() {
      const heap = getHeapStatistics();
      return heap.used_heap_size + heap.external_memory;
    },
    collect: (how) => collect({ type: "major", flavor: how === "quickly" ? "regular" : "last-resort" }),
  });
}
