/**
 * One client as the server knows it: who it is, what it watches and listens to, and which transaction it is in.
 *
 *   unauthenticated → idle ⇄ queueing (MULTI … EXEC | DISCARD) → ended (QUIT)
 *
 * C1 What a client left in the server's shared parts (watches, subscriptions, MONITOR) is gone after `close`.
 * C2 A transaction holds at most QUEUE_MAX commands of QUEUE_BYTES_MAX, a client at most NAMES_MAX watches and
 *    subscriptions: none of these can grow without end.
 */

import { CommandError } from "./command-error.ts";
import type { Keyspace, Watcher } from "./keyspace.ts";
import type { Listener, PubSub, SubscriptionKind } from "./pubsub.ts";
import type { Protocol, Reply, Wait } from "./reply.ts";

const QUEUE_MAX = 10_000;
const QUEUE_BYTES_MAX = 67_108_864;
const NAMES_MAX = 10_000;
/** What a watch or a subscription costs beside the name itself. */
const NAME_OVERHEAD_BYTES = 256;

export interface QueuedCommand {
  readonly bytes: number;
  readonly run: () => Reply | Wait;
}

/** What a client uses of its server. */
export interface ClientServer {
  readonly databases: readonly Keyspace[];
  readonly pubSub: PubSub;
  readonly monitors: Set<Listener>;
  readonly clients: Set<Client>;
  readonly nowMs: () => number;
}

export interface Queueing {
  readonly kind: "queueing";
  readonly queue: QueuedCommand[];
  bytes: number;
  /** One of its commands could not even be queued. */
  broken: boolean;
}

export interface ClientOptions {
  readonly id: number;
  readonly address: string;
  /** Empty: everybody may. */
  readonly password: string;
  readonly server: ClientServer;
  /** Sends what the client did not ask for in this turn: messages of channels, lines of MONITOR. */
  readonly push: (reply: Reply) => void;
}

export class Client implements Watcher, Listener {
  readonly id: number;
  readonly address: string;
  readonly password: string;
  readonly push: (reply: Reply) => void;
  readonly connectedAtMs: number;
  readonly #server: ClientServer;
  authenticated: boolean;
  protocol: Protocol = 2;
  name = "";
  database = 0;
  transaction: { readonly kind: "none" } | Queueing = { kind: "none" };
  /** True after QUIT: close once the reply is written. */
  ended = false;
  readonly subscriptions: Readonly<Record<SubscriptionKind, Set<string>>> = { channel: new Set(), pattern: new Set() };
  #watched: { readonly keyspace: Keyspace; readonly key: string }[] = [];
  #watchedChanged = false;
  #namesBytes = 0;

  constructor(options: ClientOptions) {
    this.id = options.id;
    this.address = options.address;
    this.password = options.password;
    this.push = options.push;
    this.#server = options.server;
    this.connectedAtMs = options.server.nowMs();
    this.authenticated = options.password === "";
    options.server.clients.add(this);
  }

  get keyspace(): Keyspace {
    return this.#server.databases[this.database] as Keyspace;
  }

  /** What the names cost that it watches, listens to, and bears. */
  get namesBytes(): number {
    return this.#namesBytes + this.name.length;
  }

  get subscriptionCount(): number {
    return this.subscriptions.channel.size + this.subscriptions.pattern.size;
  }

  get watchedChanged(): boolean {
    return this.#watchedChanged;
  }

  /** A watched key changed. */
  onChange(): void {
    this.#watchedChanged = true;
  }

  watch(keys: readonly string[]): void {
    if (this.#watched.length + keys.length > NAMES_MAX)
      throw new CommandError(`ERR more than ${NAMES_MAX} watched keys`);
    const { keyspace } = this;
    for (const key of keys) {
      this.#watched.push({ keyspace, key });
      this.#namesBytes += key.length + NAME_OVERHEAD_BYTES;
      keyspace.watch(key, this);
    }
  }

  unwatch(): void {
    for (const { keyspace, key } of this.#watched) {
      keyspace.unwatch(key, this);
      this.#namesBytes -= key.length + NAME_OVERHEAD_BYTES;
    }
    this.#watched = [];
    this.#watchedChanged = false;
  }

  subscribe(kind: SubscriptionKind, name: string): void {
    if (this.subscriptionCount >= NAMES_MAX) throw new CommandError(`ERR more than ${NAMES_MAX} subscriptions`);
    if (!this.subscriptions[kind].has(name)) this.#namesBytes += name.length + NAME_OVERHEAD_BYTES;
    this.subscriptions[kind].add(name);
    this.#server.pubSub.subscribe(kind, name, this);
  }

  unsubscribe(kind: SubscriptionKind, name: string): void {
    if (this.subscriptions[kind].delete(name)) this.#namesBytes -= name.length + NAME_OVERHEAD_BYTES;
    this.#server.pubSub.unsubscribe(kind, name, this);
  }

  enqueue(transaction: Queueing, entry: QueuedCommand): void {
    transaction.bytes += entry.bytes;
    if (transaction.queue.length >= QUEUE_MAX || transaction.bytes > QUEUE_BYTES_MAX) {
      throw new CommandError(`ERR a transaction of more than ${QUEUE_MAX} commands or ${QUEUE_BYTES_MAX} bytes`);
    }
    transaction.queue.push(entry);
  }

  /** As RESET leaves it: like a connection that has just begun. */
  reset(): void {
    this.#leave();
    this.transaction = { kind: "none" };
    this.protocol = 2;
    this.name = "";
    this.database = 0;
    this.authenticated = this.password === "";
  }

  close(): void {
    this.#leave();
    this.#server.clients.delete(this);
  }

  #leave(): void {
    this.unwatch();
    for (const kind of ["channel", "pattern"] as const) {
      for (const name of this.subscriptions[kind]) this.unsubscribe(kind, name);
    }
    this.#server.monitors.delete(this);
  }
}
