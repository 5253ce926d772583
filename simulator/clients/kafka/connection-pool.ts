/**
 * The addresses of a cluster's brokers, and one shared connection per address, opened when first needed.
 *
 * P1 At most one shared connection per address is open or being opened.
 * P2 A lost connection is forgotten at once, so the next user opens a new one.
 * P3 Who can be anyone is not always the same one, and not one that owes an answer while another is there.
 */
import { formatHostPort, formatKafkaAddresses, type HostPort } from "../../common/foundation/address.ts";
import { withDeadline } from "../../common/foundation/deadline.ts";
import { createError } from "../../common/foundation/errors.ts";
import { type KafkaSecurity, PLAINTEXT } from "../../common/foundation/kafka-security.ts";
import { Connection, type ConnectionEvents, SILENT_AFTER_MS } from "./connection.ts";
import type { Api } from "./wire/frame.ts";

export interface Broker extends HostPort {
  readonly nodeId: number;
}

/** Per address. A broker that is up accepts at once, so a list with a dead one in it is passed quickly. */
const OPEN_DEADLINE_MS = 5_000;
/** After it the connection is closed: far longer than a broker needs that is only slow. */
const ASK_DEADLINE_MS = 10_000;

interface Opening {
  readonly sinceMs: number;
  readonly connection: Promise<Connection>;
}

export class ConnectionPool {
  readonly bootstrap: readonly HostPort[];
  readonly #clientId: string;
  readonly #security: KafkaSecurity;
  readonly #brokers = new Map<number, Broker>();
  readonly #opening = new Map<string, Opening>();
  /** Those first that were anyone's longest ago (P3). */
  readonly #open = new Map<string, Connection>();
  #closed = false;

  constructor(bootstrap: readonly HostPort[], clientId: string, security = PLAINTEXT) {
    this.bootstrap = bootstrap;
    this.#clientId = clientId;
    this.#security = security;
  }

  get brokers(): Broker[] {
    return [...this.#brokers.values()].map(({ nodeId, host, port }) => ({ nodeId, host, port }));
  }

  /** The cluster's brokers as metadata names them now. */
  learnBrokers(brokers: readonly Broker[]): void {
    this.#brokers.clear();
    for (const broker of brokers) this.#brokers.set(broker.nodeId, broker);
  }

  /** The shared connection to some known address: an open one, the next in turn, or else whichever opens first (P3). */
  async #any(): Promise<Connection> {
    this.#expectOpen();
    const prompt = [...this.#open].find(([, connection]) => !connection.isSilent);
    if (prompt !== undefined) return this.#takeTurn(prompt);
    const unopened = this.#knownAddresses().filter((address) => !this.#open.has(formatHostPort(address)));
    const [silent] = this.#open;
    if (unopened.length === 0 && silent !== undefined) return this.#takeTurn(silent);
    try {
      return await Promise.any(unopened.map((address) => this.sharedAt(address)));
    } catch (error) {
      throw error instanceof AggregateError ? error.errors[0] : error;
    }
  }

  #takeTurn([key, connection]: readonly [string, Connection]): Connection {
    this.#open.delete(key);
    this.#open.set(key, connection);
    return connection;
  }

  /** True while the broker there owes an answer, or its connection is being opened, for longer than it should be. */
  isSilentAt(address: HostPort): boolean {
    const key = formatHostPort(address);
    const opening = this.#opening.get(key);
    if (opening !== undefined) return performance.now() >= opening.sinceMs + SILENT_AFTER_MS;
    return this.#open.get(key)?.isSilent === true;
  }

  /**
   * The answer of the broker at an address, to a request that is answered at once by whoever is well. It is waited for no
   * longer than SILENT_AFTER_MS, so that the caller can see what others say; the connection is kept for longer.
   */
  askAt<Q, S, DQ, DS>(address: HostPort, api: Api<Q, S, DQ, DS>, request: Q): Promise<DS> {
    return askPromptly(this.sharedAt(address), api, request, formatHostPort(address));
  }

  async askNode<Q, S, DQ, DS>(nodeId: number, api: Api<Q, S, DQ, DS>, request: Q): Promise<DS> {
    return this.askAt(this.#addressOf(nodeId), api, request);
  }

  /** The same from anyone (P3). */
  askAny<Q, S, DQ, DS>(api: Api<Q, S, DQ, DS>, request: Q): Promise<DS> {
    return askPromptly(this.#any(), api, request, formatKafkaAddresses(this.bootstrap));
  }

  async sharedAt(address: HostPort): Promise<Connection> {
    this.#expectOpen();
    const key = formatHostPort(address);
    const open = this.#open.get(key);
    if (open !== undefined) return open;
    return this.#opening.get(key)?.connection ?? this.#openShared(key, address);
  }

  /** A connection that only the caller uses, and closes. */
  async openOwn(nodeId: number, events: ConnectionEvents): Promise<Connection> {
    this.#expectOpen();
    return this.#connect(this.#addressOf(nodeId), events);
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#open.values()) connection.close();
    this.#open.clear();
  }

  #openShared(key: string, address: HostPort): Promise<Connection> {
    const connection = this.#connect(address, { onLost: () => this.#open.delete(key) })
      .then((opened) => {
        if (this.#closed) opened.close();
        // It may be lost again already; then it is not kept, and its user hears of it by the first request.
        else if (opened.isOpen) this.#open.set(key, opened);
        return opened;
      })
      .finally(() => this.#opening.delete(key));
    this.#opening.set(key, { sinceMs: performance.now(), connection });
    return connection;
  }

  #connect({ host, port }: HostPort, events: ConnectionEvents): Promise<Connection> {
    const [clientId, security] = [this.#clientId, this.#security];
    return Connection.open({ host, port, clientId, security, openDeadlineMs: OPEN_DEADLINE_MS, events });
  }

  #knownAddresses(): HostPort[] {
    const byKey = new Map<string, HostPort>();
    for (const address of [...this.#brokers.values(), ...this.bootstrap]) byKey.set(formatHostPort(address), address);
    return [...byKey.values()];
  }

  #addressOf(nodeId: number): HostPort {
    const broker = this.#brokers.get(nodeId);
    if (broker !== undefined) return broker;
    // The leader is not among the brokers that metadata named: it is gone for now, like one that refuses to connect.
    throw createError("KAFKA_CONNECTION_LOST", { endpoint: `broker ${nodeId}`, reason: "metadata does not name it" });
  }

  #expectOpen(): void {
    if (this.#closed) throw createError("KAFKA_CLOSED", { what: "the Kafka client" });
  }
}

async function askPromptly<Q, S, DQ, DS>(
  opening: Promise<Connection>,
  api: Api<Q, S, DQ, DS>,
  request: Q,
  endpoint: string,
): Promise<DS> {
  const answer = opening.then((connection) => connection.send(api, request, ASK_DEADLINE_MS));
  return withDeadline(answer, {
    what: `the answer of Kafka at ${endpoint} to ${api.name}`,
    deadlineMs: SILENT_AFTER_MS,
  });
}
