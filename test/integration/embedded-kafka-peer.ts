/** A plain peer for protocol tests of the embedded Kafka: one connection, one promise a request, no cleverness. */
import { connect, type Socket } from "node:net";
import { createTopicsApi } from "../../simulator/clients/kafka/wire/apis/create-topics.ts";
import { type FetchRequest, fetchApi } from "../../simulator/clients/kafka/wire/apis/fetch.ts";
import { produceApi } from "../../simulator/clients/kafka/wire/apis/produce.ts";
import { type Api, encodeRequestFrame, isFlexible, responseFormOf } from "../../simulator/clients/kafka/wire/frame.ts";
import { Reader } from "../../simulator/clients/kafka/wire/reader.ts";
import { encodeRecordBatch } from "../../simulator/clients/kafka/wire/records.ts";
import type { Writer } from "../../simulator/clients/kafka/wire/writer.ts";
import { withDeadline } from "../../simulator/common/foundation/deadline.ts";
import type { Log } from "../../simulator/common/foundation/log.ts";
import type { BrokerSettings } from "../../simulator/embedded/kafka/broker-state.ts";
import { type KafkaServer, startKafkaServer } from "../../simulator/embedded/kafka/server.ts";

export interface TestBroker extends KafkaServer {
  readonly logged: string[];
  readonly full: string[];
}

export async function startTestBroker(
  memoryBytesMax = 200_000_000,
  port = 0,
  settings: Partial<BrokerSettings> = {},
): Promise<TestBroker> {
  const logged: string[] = [];
  const full: string[] = [];
  const note = (text: string) => void logged.push(text);
  const log: Log = { info: note, warn: note, error: note };
  const server = await startKafkaServer({ port, memoryBytesMax, log, onFull: (text) => full.push(text), settings });
  return { ...server, logged, full };
}

export class Peer {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  #received: Buffer = Buffer.alloc(0);
  readonly #waiting: ((frame: Buffer) => void)[] = [];
  #correlationId = 0;

  constructor(port: number) {
    this.socket = connect({ host: "127.0.0.1", port, noDelay: true });
    this.closed = new Promise((resolve) => this.socket.once("close", () => resolve()));
    // A reset by the broker is what some tests wait for; `closed` tells.
    this.socket.on("error", () => undefined);
    this.socket.on("data", (chunk) => this.#receive(chunk));
  }

  /** Sends a request and resolves with its answer; a request after it may be sent before that. */
  async request<Q, S, DQ, DS>(api: Api<Q, S, DQ, DS>, version: number, request: Q): Promise<DS> {
    const r = await this.exchange(this.encode(api, version, request));
    const form = responseFormOf(api, version);
    r.flexible = form !== "rigid";
    if (form === "flexible") r.endStruct();
    const response = api.decodeResponse(r, version);
    r.expectEnd();
    return response;
  }

  encode<Q, S, DQ, DS>(api: Api<Q, S, DQ, DS>, version: number, request: Q): Buffer {
    this.#correlationId += 1;
    const header = { apiKey: api.key, apiVersion: version, correlationId: this.#correlationId, clientId: "peer" };
    const writeBody = (w: Writer) => api.encodeRequest(w, version, request);
    return Buffer.concat(encodeRequestFrame(header, writeBody, isFlexible(api, version)));
  }

  /** Sends a whole frame; resolves with a reader at the body of the next answer. */
  exchange(frame: Buffer): Promise<Reader> {
    const correlationId = this.#correlationId;
    this.socket.write(frame);
    const answer = new Promise<Reader>((resolve, reject) => {
      this.#waiting.push((response) => {
        const r = new Reader(response);
        const id = r.int32();
        if (id === correlationId) resolve(r);
        else reject(new Error(`an answer to request ${id} where ${correlationId} was due`));
      });
    });
    return withDeadline(answer, { what: "the broker's answer", deadlineMs: 30_000 });
  }

  close(): void {
    this.socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 4) {
      const length = this.#received.readInt32BE(0);
      if (this.#received.length < 4 + length) return;
      const frame = this.#received.subarray(4, 4 + length);
      this.#received = this.#received.subarray(4 + length);
      this.#waiting.shift()?.(frame);
    }
  }
}

/** Produces one batch; the answer's only partition. */
export async function produceBatch(
  peer: Peer,
  target: { topic: string; p: number; batch: Buffer; acks?: number; version?: number; transactionalId?: string },
) {
  const { topic, p, batch, acks = -1, version = 8, transactionalId = null } = target;
  const topics = [{ name: topic, partitions: [{ p, records: [batch] }] }];
  const response = await peer.request(produceApi, version, { transactionalId, acks, timeoutMs: 1_000, topics });
  const answered = response.topics[0]?.partitions[0];
  if (answered === undefined) throw new Error("the broker answered no partition");
  return answered;
}

export function fetchRequest(
  topic: string,
  asked: readonly { p: number; fetchOffset: number; maxBytes?: number }[],
  limits: Partial<Pick<FetchRequest, "maxWaitMs" | "minBytes" | "maxBytes" | "sessionId" | "sessionEpoch">> = {},
): FetchRequest {
  const partitions = asked.map(({ p, fetchOffset, maxBytes = 1_000_000 }) => {
    return { p, currentLeaderEpoch: -1, fetchOffset, maxBytes };
  });
  return {
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 10_000_000,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [{ name: topic, partitions }],
    ...limits,
  };
}

/** Fetches, and copies each partition's records out. */
export async function fetchRecords(peer: Peer, request: FetchRequest, version = 11) {
  const r = await peer.exchange(peer.encode(fetchApi, version, request));
  const response = fetchApi.decodeResponse(r, version);
  r.expectEnd();
  const partitions = response.topics.flatMap((topic) => topic.partitions);
  return {
    ...response,
    partitions: partitions.map(({ records, ...rest }) => ({
      ...rest,
      records: Buffer.from(records === undefined ? "" : r.buffer.subarray(records.start, records.end)),
    })),
  };
}

/** Creates a topic; the answer for it. */
export async function createTopic(
  peer: Peer,
  name: string,
  partitions = 1,
  configs: { name: string; value: string }[] = [],
) {
  const topic = { name, partitions, replicationFactor: 1, assignments: [], configs };
  const response = await peer.request(createTopicsApi, 4, { topics: [topic], timeoutMs: 1_000, validateOnly: false });
  return response.topics[0];
}

/** A batch of equal records. */
export const batchOf = (records: number, valueBytes: number, producer = {}) => {
  const value = Buffer.alloc(valueBytes, "x");
  return encodeRecordBatch({
    records: Array.from({ length: records }, () => ({ value })),
    timestampMs: 5,
    ...producer,
  });
};

/** Resolves when the broker has ended the connection. */
export const closes = (peer: Peer) =>
  withDeadline(peer.closed, { what: "the end of the connection", deadlineMs: 60_000 });
