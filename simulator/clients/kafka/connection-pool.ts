/**
 * The addresses of a cluster's brokers, and one shared connection an address, opened when first needed.
 *
 * P1 At most one shared connection an address is open or being opened.
 * P2 A lost connection is forgotten at once, so the next user opens a new one.
 */
import { type AppError, createError } from "../../common/foundation/errors.ts";
import { Connection } from "./connection.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Broker extends Address {
  readonly nodeId: number;
}

/** Per address. A broker that is up accepts at once, so a list with a dead one in it is passed quickly. */
const OPEN_DEADLINE_MS = 5_000;

export class ConnectionPool {
  readonly #bootstrap: readonly Address[];
  readonly #clientId: string;
  readonly #brokers = new Map<number, Broker>();
  readonly #opening = new Map<string, Promise<Connection>>();
  readonly #open = new Map<string, Connection>();
  #closed = false;

  constructor(bootstrap: readonly Address[], clientId: string) {
    this.#bootstrap = bootstrap;
    this.#clientId = clientId;
  }

  get brokers(): Broker[] {
    return [...this.#brokers.values()].map(({ nodeId, host, port }) => ({ nodeId, host, port }));
  }

  /** The cluster's brokers as metadata names them now. */
  learnBrokers(brokers: readonly Broker[]): void {
    this.#brokers.clear();
    for (const broker of brokers) this.#brokers.set(broker.nodeId, broker);
  }

  /** The shared connection to whichever known address answers first, an open one before all. */
  async any(): Promise<Connection> {
    const [open] = this.#open.values();
    if (open !== undefined) return open;
    let last: unknown;
    for (const address of this.#knownAddresses()) {
      try {
        return await this.sharedAt(address);
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  /** Done when one of the brokers can be reached; throws the first one's failure when none can. */
  async reachOne(brokers: readonly Broker[]): Promise<void> {
    const attempts = await Promise.allSettled(brokers.map((broker) => this.sharedAt(broker)));
    const [first] = attempts;
    if (first?.status === "rejected" && attempts.every((attempt) => attempt.status === "rejected")) throw first.reason;
  }

  async shared(nodeId: number): Promise<Connection> {
    return this.sharedAt(this.#addressOf(nodeId));
  }

  async sharedAt(address: Address): Promise<Connection> {
    this.#expectOpen();
    const key = formatAddress(address);
    const open = this.#open.get(key);
    if (open !== undefined) return open;
    const opening = this.#opening.get(key) ?? this.#openShared(key, address);
    return opening;
  }

  /** A connection that only the caller uses, and closes. */
  async openOwn(nodeId: number, onLost: (error: AppError) => void): Promise<Connection> {
    this.#expectOpen();
    const { host, port } = this.#addressOf(nodeId);
    return Connection.open({ host, port, clientId: this.#clientId, openDeadlineMs: OPEN_DEADLINE_MS, onLost });
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#open.values()) connection.close();
    this.#open.clear();
  }

  #openShared(key: string, { host, port }: Address): Promise<Connection> {
    const onLost = () => this.#open.delete(key);
    const opening = Connection.open({ host, port, clientId: this.#clientId, openDeadlineMs: OPEN_DEADLINE_MS, onLost })
      .then((connection) => {
        if (this.#closed) connection.close();
        // It may be lost again already; then it is not kept, and its user hears of it by the first request.
        else if (connection.isOpen) this.#open.set(key, connection);
        return connection;
      })
      .finally(() => this.#opening.delete(key));
    this.#opening.set(key, opening);
    return opening;
  }

  #knownAddresses(): Address[] {
    const byKey = new Map<string, Address>();
    for (const address of [...this.#brokers.values(), ...this.#bootstrap]) byKey.set(formatAddress(address), address);
    return [...byKey.values()];
  }

  #addressOf(nodeId: number): Address {
    const broker = this.#brokers.get(nodeId);
    if (broker !== undefined) return broker;
    // The leader is not among the brokers that metadata named: it is gone for now, like one that refuses to connect.
    throw createError("KAFKA_CONNECTION_LOST", { endpoint: `broker ${nodeId}`, reason: "metadata does not name it" });
  }

  #expectOpen(): void {
    if (this.#closed) throw createError("KAFKA_CLOSED", { what: "the Kafka client" });
  }
}

export function formatAddress({ host, port }: Address): string {
  return `${host}:${port}`;
}

/** Reads host:port, or [v6]:port. */
export function parseAddress(text: string): Address {
  const match = /^(\[[^\]]+\]|[^:]+):(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[2] ?? 0);
  if (match === null || port < 1 || port > 65_535) {
    throw createError("USAGE_OPTION_INVALID", { option: "the Kafka address", value: text, expected: "HOST:PORT" });
  }
  return { host: (match[1] as string).replace(/^\[|\]$/g, ""), port };
}
