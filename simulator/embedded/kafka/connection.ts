/**
 * One client's connection: reads frames, hands each request to the broker, writes the answers.
 *
 * States: ready (takes the next request), waiting (a long poll, or a group's members), sending (the client is slow to read), closed.
 *
 * C1 Requests are answered one after the other, in their order, as in Kafka: while a fetch waits, later requests wait.
 * C2 At most one answer is unsent: a client that does not read gets no further request served.
 * C3 While requests cannot be served, reading goes on up to PENDING_BYTES_MAX, so that the end of a connection is
 *    noticed; above it the socket is paused.
 * C4 A malformed frame, or a failure in handling a request, closes this connection and no other.
 * C5 What it makes the broker hold beyond its first buffer counts against the memory of the records: where all
 *    connections together hold too much, the one that holds most is closed.
 */
import type { Socket } from "node:net";
import { unreachable } from "../../common/foundation/assert.ts";
import { isAppError } from "../../common/foundation/errors.ts";
import type { ClosingLog } from "../closing-log.ts";
import type { HeldBytes, Holder } from "../held-bytes.ts";
import { readInto } from "./accepted-socket.ts";
import type { FetchWaiter, FetchWaiters } from "./fetch-waiters.ts";
import { FrameBuffer, REQUEST_BYTES_MAX } from "./frame-buffer.ts";
import type { LongPoll, Outcome } from "./outcome.ts";

const PENDING_BYTES_MAX = 1024 * 1024;

export interface ConnectionOptions {
  /** As accepted, and not yet read from. */
  readonly accepted: Socket;
  readonly handle: (buffer: Buffer, start: number, end: number) => Outcome;
  readonly waiters: FetchWaiters;
  readonly held: HeldBytes;
  readonly closing: ClosingLog;
}

type State =
  | { readonly kind: "ready" }
  | { readonly kind: "waiting"; readonly waiter: FetchWaiter }
  | { readonly kind: "sending" }
  | { readonly kind: "closed" };

export class Connection implements Holder {
  readonly #socket: Socket;
  readonly #handle: ConnectionOptions["handle"];
  readonly #waiters: FetchWaiters;
  readonly #held: HeldBytes;
  readonly #closing: ClosingLog;
  readonly #peer: string;
  readonly #frames = new FrameBuffer(REQUEST_BYTES_MAX);
  #state: State = { kind: "ready" };
  #paused = false;
  #lastActiveMs = performance.now();

  constructor({ accepted, handle, waiters, held, closing }: ConnectionOptions) {
    const target = { reserve: () => this.#frames.reserve(), commit: (bytes: number) => this.#receive(bytes) };
    const socket = readInto(target, accepted);
    socket.setNoDelay(true);
    this.#socket = socket;
    this.#handle = handle;
    this.#waiters = waiters;
    this.#held = held;
    this.#closing = closing;
    this.#peer = `${socket.remoteAddress}:${socket.remotePort}`;
    socket.on("drain", () => this.#resumeServing("sending"));
    // Whoever has ended his side waits for no answer; one that is being sent is sent to its end by the socket.
    socket.on("end", () => this.#end());
    socket.on("close", () => this.#end());
    // A reset by the client is its way to end; "close" follows and does what is needed.
    socket.on("error", () => undefined);
    socket.resume();
  }

  /** False when no more should be read for now. */
  #receive(bytes: number): boolean {
    this.#lastActiveMs = performance.now();
    this.#frames.commit(bytes);
    this.#serve();
    this.#held.update(this);
    // Of a request that was served, records may have been stored.
    this.#held.enforce();
    this.#paused = this.#state.kind !== "ready" && this.#frames.bytesPending > PENDING_BYTES_MAX;
    return !this.#paused;
  }

  /** Serves whole frames while nothing holds it up. */
  #serve(): void {
    while (this.#state.kind === "ready") {
      const frame = this.#frames.next();
      if (frame.kind === "incomplete") return;
      if (frame.kind === "frame") this.#perform(this.#run(frame.start, frame.end));
      else this.#close(`a frame of ${frame.length} bytes: expected 0 to ${REQUEST_BYTES_MAX}`);
    }
  }

  #run(start: number, end: number): Outcome {
    try {
      return this.#handle(this.#frames.buffer, start, end);
    } catch (error) {
      if (isAppError(error) && error.code === "KAFKA_MALFORMED") return { kind: "close", reason: error.message };
      // Ours to repair, but no reason to take every other client's data away: this process is their memory.
      const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { kind: "close", reason: `a request failed: ${what}` };
    }
  }

  #perform(outcome: Outcome): void {
    switch (outcome.kind) {
      case "answer":
        this.#send(outcome.frame);
        break;
      case "silent":
        break;
      case "wait":
        this.#startWaiting(outcome);
        break;
      case "later":
        this.#state = { kind: "waiting", waiter: outcome.wait((frame) => this.#finishWaiting(frame)) };
        break;
      case "close":
        this.#close(outcome.reason);
        break;
      default:
        unreachable(outcome);
    }
  }

  #startWaiting(poll: LongPoll): void {
    const onReady = () => this.#finishWaiting(poll.finish());
    this.#state = { kind: "waiting", waiter: this.#waiters.wait({ ...poll, onReady }) };
  }

  #finishWaiting(frame: readonly Buffer[]): void {
    this.#state = { kind: "ready" };
    this.#send(frame);
    this.#resumeServing("ready");
  }

  get heldBytes(): number {
    return this.#state.kind === "closed" ? 0 : this.#frames.bytesHeld;
  }

  evict(): void {
    const held = `it held ${this.heldBytes} bytes of requests, and all clients together hold too much`;
    this.#close(`${held}: send less at once, or start with a larger --embedded-memory`);
  }

  /** True if it was. A client that waits for an answer is silent by nature. */
  closeIfIdle(silentSinceMs: number): boolean {
    if (this.#state.kind === "waiting" || this.#state.kind === "closed" || this.#lastActiveMs > silentSinceMs)
      return false;
    this.#socket.destroy();
    this.#end();
    return true;
  }

  /** One writev of all chunks: stored batches go from where they lie into the socket. */
  #send(frame: readonly Buffer[]): void {
    this.#lastActiveMs = performance.now();
    this.#socket.cork();
    for (const chunk of frame) this.#socket.write(chunk);
    this.#socket.uncork();
    if (this.#socket.writableNeedDrain) this.#state = { kind: "sending" };
  }

  #resumeServing(from: "sending" | "ready"): void {
    if (this.#state.kind !== from) return;
    this.#state = { kind: "ready" };
    this.#serve();
    if (this.#paused && (this.#state.kind === "ready" || this.#frames.bytesPending <= PENDING_BYTES_MAX)) {
      this.#paused = false;
      this.#socket.resume();
    }
  }

  /** The socket, for the server to end it. */
  get socket(): Socket {
    return this.#socket;
  }

  #close(reason: string): void {
    if (this.#state.kind === "closed") return;
    this.#closing.warn(`${this.#peer}: ${reason}`);
    this.#socket.destroy();
    this.#end();
  }

  #end(): void {
    if (this.#state.kind === "closed") return;
    if (this.#state.kind === "waiting") this.#state.waiter.cancel();
    this.#state = { kind: "closed" };
    this.#held.remove(this);
    this.#frames.clear();
  }
}
