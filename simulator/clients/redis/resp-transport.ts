/**
 * The transport of the state store: no more than a socket, a queue and a parser.
 *
 *   connecting → open → closed
 *
 * It stands beside ioredis because of where it is used: each record's effect goes through it, in twenty processes at
 * once. Without ioredis a run of ten million takes a fifth less CPU in its TaskManagers, start included, and the start a
 * fifth less time; the figures are in scripts/bench/README.md.
 *
 * P1 Replies come in the order of the commands: a reply settles the oldest call.
 * P2 Every call ends exactly once: with its reply, or with the reason of the close.
 * P3 Silence for `replyMs` with a call in flight closes it, and so does anything that is not RESP.
 */

import { connect as connectTcp, isIP, type Socket } from "node:net";
import type { RedisAddress } from "../../common/foundation/address.ts";
import { assert } from "../../common/foundation/assert.ts";
import type { RedisTransport, TransportOptions } from "./transport.ts";
import { encodeCommand, type Reply, ReplyError, ReplyParser } from "./wire/resp.ts";

interface PendingCall {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

type State = { readonly kind: "connecting" } | { readonly kind: "open" } | { readonly kind: "closed"; reason: Error };

/** An answer to APPLY has 24 bytes; a state hash comes in pieces. */
const READ_BUFFER_BYTES = 16 * 1024;
/** More than any caller of ours has in flight: reaching it is a programmer's error. */
const PENDING_MAX = 4_096;

export async function openRespTransport(endpoint: RedisAddress, options: TransportOptions): Promise<RedisTransport> {
  options.signal.throwIfAborted();
  const onread = {
    buffer: Buffer.allocUnsafeSlow(READ_BUFFER_BYTES),
    callback: (bytes: number, buffer: Uint8Array): boolean => {
      transport.receive((buffer as Buffer).subarray(0, bytes));
      return true;
    },
  };
  const { host, port } = endpoint;
  const socket = endpoint.tls ? await connectTls(endpoint) : connectTcp({ host, port, noDelay: true, onread });
  const transport = new RespTransport(socket, options.replyMs);
  if (endpoint.tls) socket.on("data", (chunk: Buffer) => transport.receive(chunk));
  await transport.opened(endpoint.tls ? "secureConnect" : "connect", options.signal);
  return transport;
}

/** Loaded only where it is used: TLS is most of what a client's code weighs. */
async function connectTls({ host, port }: RedisAddress): Promise<Socket> {
  const { connect } = await import("node:tls");
  // A server is asked for by name only: for an address the certificate is compared with the address itself.
  const socket = connect({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}) });
  socket.setNoDelay(true);
  return socket;
}

class RespTransport implements RedisTransport {
  readonly #socket: Socket;
  readonly #replyMs: number;
  readonly #parser = new ReplyParser((reply) => this.#settle(reply));
  readonly #pending: PendingCall[] = [];
  #state: State = { kind: "connecting" };
  #onClosed: (() => void)[] = [];
  /** Since when the server owes an answer: its last word, or the first call after a time without any. */
  #owedSinceMs = 0;
  #silenceTimer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, replyMs: number) {
    this.#socket = socket;
    this.#replyMs = replyMs;
    socket.on("error", (error) => this.#close(error));
    socket.on("end", () => this.#close(new Error("the server closed the connection")));
    socket.on("close", () => this.#close(new Error("the connection closed")));
  }

  /** Resolves when commands can be sent. The signal is the deadline. */
  async opened(event: "connect" | "secureConnect", signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = () => this.#close(signal.reason instanceof Error ? signal.reason : new Error("given up"));
    signal.addEventListener("abort", abort, { once: true });
    this.#socket.once(event, resolve);
    this.onceLost(() => this.#state.kind === "closed" && reject(this.#state.reason));
    // The load of TLS took time.
    if (signal.aborted) abort();
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", abort);
    }
    if (this.#state.kind === "connecting") this.#state = { kind: "open" };
    this.#onClosed = [];
  }

  get isOpen(): boolean {
    return this.#state.kind === "open";
  }

  onceLost(listener: () => void): void {
    if (this.#state.kind === "closed") listener();
    else this.#onClosed.push(listener);
  }

  call(name: string, args: readonly string[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#state.kind !== "open") {
        reject(this.#state.kind === "closed" ? this.#state.reason : new Error("not connected yet"));
        return;
      }
      assert(this.#pending.length < PENDING_MAX, `at most ${PENDING_MAX} calls are in flight on a connection`);
      if (this.#pending.length === 0) this.#owedSinceMs = performance.now();
      this.#pending.push({ resolve, reject });
      this.#silenceTimer ??= setTimeout(() => this.#checkSilence(), this.#replyMs);
      this.#socket.write(encodeCommand([name, ...args]));
    });
  }

  close(): void {
    this.#close(new Error("the connection was closed here"));
  }

  receive(bytes: Buffer): void {
    if (this.#state.kind === "closed") return;
    this.#owedSinceMs = performance.now();
    try {
      this.#parser.push(bytes);
    } catch (error) {
      this.#close(error as Error);
    }
  }

  #settle(reply: Reply): void {
    const call = this.#pending.shift();
    if (call === undefined) this.#close(new Error("a reply that nobody asked for"));
    else if (reply instanceof ReplyError) call.reject(reply);
    else call.resolve(reply);
  }

  /** The timer is not moved at each call: it fires, finds nothing overdue, and is set anew while something is owed. */
  #checkSilence(): void {
    this.#silenceTimer = undefined;
    if (this.#pending.length === 0) return;
    const silentMs = performance.now() - this.#owedSinceMs;
    if (silentMs >= this.#replyMs) this.#close(new Error(`no answer within ${this.#replyMs} ms`));
    else this.#silenceTimer = setTimeout(() => this.#checkSilence(), Math.ceil(this.#replyMs - silentMs));
  }

  #close(reason: Error): void {
    if (this.#state.kind === "closed") return;
    this.#state = { kind: "closed", reason };
    clearTimeout(this.#silenceTimer);
    this.#socket.destroy();
    for (const call of this.#pending.splice(0)) call.reject(reason);
    for (const listener of this.#onClosed.splice(0)) listener();
  }
}
