/**
 * What a RedisConnection stands on: one socket that carries commands out and replies back, in order, until it is lost.
 * It reconnects nothing and resends nothing (R2 of `connection.ts`), and counts as lost when it is silent for `replyMs` with a command in
 * flight (R3 there). Two kinds: ioredis for all that only looks, and `resp-transport.ts` for the state store.
 */
import type { RedisAddress } from "../../common/foundation/address.ts";

export interface RedisTransport {
  /** True until the socket is lost or closed. */
  readonly isOpen: boolean;
  /** Calls once when it is lost or closed. */
  onceLost(listener: () => void): void;
  /** Rejects with the server's reply (an error named ReplyError), or with another error when the socket is lost. */
  call(name: string, args: readonly string[]): Promise<unknown>;
  close(): void;
}

export interface TransportOptions {
  /** How long TCP and TLS may take. The signal ends the dial at that time; ioredis wants to be told as well. */
  readonly connectMs: number;
  readonly replyMs: number;
  /** Ends the dial: given up, or its time is over. */
  readonly signal: AbortSignal;
}

/** Connects, without a word to the server. Rejects with the socket's error, or the signal's reason. */
export type OpenTransport = (endpoint: RedisAddress, options: TransportOptions) => Promise<RedisTransport>;
