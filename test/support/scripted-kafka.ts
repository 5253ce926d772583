/**
 * Kafka brokers that do what a test says, for what real ones do not do on demand: to believe in an old leader at the
 * right moment, to hang with one request, to forget a topic. They speak the real protocol over real sockets.
 */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { apiVersionsApi } from "../../simulator/clients/kafka/wire/apis/api-versions.ts";
import { fetchApi } from "../../simulator/clients/kafka/wire/apis/fetch.ts";
import { findCoordinatorApi } from "../../simulator/clients/kafka/wire/apis/find-coordinator.ts";
import { initProducerIdApi } from "../../simulator/clients/kafka/wire/apis/init-producer-id.ts";
import {
  type AskedOffset,
  type ListedOffset,
  listOffsetsApi,
} from "../../simulator/clients/kafka/wire/apis/list-offsets.ts";
import { type MetadataResponse, metadataApi } from "../../simulator/clients/kafka/wire/apis/metadata.ts";
import { offsetFetchApi } from "../../simulator/clients/kafka/wire/apis/offset-fetch.ts";
import { produceApi } from "../../simulator/clients/kafka/wire/apis/produce.ts";
import {
  NO_TOPIC_ID,
  nameAndIdOf,
  type TopicReference,
} from "../../simulator/clients/kafka/wire/apis/topic-reference.ts";
import { ErrorCode } from "../../simulator/clients/kafka/wire/error-codes.ts";
import { type Api, decodeRequestHeader, encodeResponseFrame } from "../../simulator/clients/kafka/wire/frame.ts";
import { FrameAssembler } from "../../simulator/clients/kafka/wire/frame-assembler.ts";
import { Reader } from "../../simulator/clients/kafka/wire/reader.ts";
import { batchBaseSequence } from "../../simulator/clients/kafka/wire/record-batch.ts";

export const SCRIPTED_TOPIC = "scripted";
const FRAME_BYTES_MAX = 1_000_000;
const PRODUCER_ID = 7;
const EMPTY_FETCH_MS = 20;

/** What a broker believes of the topic's only partition. */
export interface LeaderView {
  readonly leader: number;
  readonly epoch: number;
  /** Default: all brokers. */
  readonly replicas?: readonly number[];
}

export interface FetchAsked {
  readonly currentLeaderEpoch: number;
  readonly fetchOffset: number;
}

interface FetchAnswer {
  readonly errorCode?: number;
  readonly records?: readonly Buffer[];
}

interface Heard {
  readonly socket: Socket;
  /** Undefined: none comes, or a later one. */
  readonly answer: () => Buffer[] | undefined;
}

export class ScriptedBroker {
  readonly nodeId: number;
  /** In order: every request that was heard, as `Metadata`, `Produce 5`, `Fetch 5@20`; and `closed` for a connection. */
  readonly log: string[] = [];
  /** Who leads, or undefined: it knows no such topic. */
  view: LeaderView | undefined;
  /** Whom it counts as alive. */
  alive: readonly number[] = [];
  /** The highest version of Metadata that it claims to serve. Below 9 its leader epochs are not reliable. */
  metadataVersionMax = 9;
  listOffset: (asked: AskedOffset) => Partial<ListedOffset> = () => ({});
  /** Undefined: there are no records; that is answered after a moment, as if it had waited for some. */
  fetch: (asked: FetchAsked) => FetchAnswer | undefined = () => undefined;
  /** By first sequence. Undefined: no answer comes. */
  produce: (firstSequence: number) => { errorCode?: number; baseOffset?: number } | undefined = (baseOffset) => ({
    baseOffset,
  });
  coordinator: number;
  committedOffset = -1;
  readonly #cluster: ScriptedCluster;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #hung = false;
  #unanswered: Heard[] = [];
  port = 0;

  constructor(cluster: ScriptedCluster, nodeId: number) {
    this.#cluster = cluster;
    this.nodeId = nodeId;
    this.coordinator = nodeId;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  heard(request: string): number {
    return this.log.filter((entry) => entry === request || entry.startsWith(`${request} `)).length;
  }

  /** Listens, on the same port each time. */
  async start(): Promise<void> {
    const server = createServer((socket) => this.#serve(socket));
    server.listen(this.port, "127.0.0.1");
    await once(server, "listening");
    this.#server = server;
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port was given");
    this.port = address.port;
  }

  /** Its process is gone: connections end, and new ones are refused. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    if (server !== undefined) await once(server.close(), "close");
  }

  /** Like a process that is stopped: connections stay, what comes is kept, nothing is answered. */
  hang(): void {
    this.#hung = true;
  }

  /** Answers what it was asked meanwhile, by what it believes now. */
  goOn(): void {
    this.#hung = false;
    for (const heard of this.#unanswered.splice(0)) this.#answer(heard);
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    const assembler = new FrameAssembler(FRAME_BYTES_MAX, (buffer, start, end) => {
      // What is kept must not be overwritten by the next bytes.
      const heard = this.#decode(socket, Buffer.from(buffer.subarray(start, end)));
      if (this.#hung) this.#unanswered.push(heard);
      else this.#answer(heard);
    });
    socket.on("data", (chunk) => assembler.push(chunk, chunk.length));
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#sockets.delete(socket);
      this.log.push("closed");
    });
  }

  #answer({ socket, answer }: Heard): void {
    const frame = answer();
    if (frame !== undefined) this.#write(socket, frame);
  }

  #write(socket: Socket, frame: Buffer[]): void {
    if (!socket.destroyed) socket.write(Buffer.concat(frame));
  }

  #decode(socket: Socket, frame: Buffer): Heard {
    const r = new Reader(frame, 0);
    const header = decodeRequestHeader(r);
    const respond = <Q, S, DQ, DS>(api: Api<Q, S, DQ, DS>, body: S) =>
      encodeResponseFrame(header.correlationId, (w) => api.encodeResponse(w, header.apiVersion, body));
    const heard = (answer: Heard["answer"]): Heard => ({ socket, answer });
    switch (header.apiKey) {
      case apiVersionsApi.key:
        return heard(() => respond(apiVersionsApi, { errorCode: 0, apis: this.#served(), throttleTimeMs: 0 }));
      case metadataApi.key: {
        const { topics } = metadataApi.decodeRequest(r, header.apiVersion);
        this.log.push("Metadata");
        return heard(() => respond(metadataApi, this.#metadata(topics ?? [])));
      }
      case listOffsetsApi.key: {
        const asked = listOffsetsApi.decodeRequest(r, header.apiVersion).topics[0]?.partitions[0] as AskedOffset;
        this.log.push(`ListOffsets ${asked.currentLeaderEpoch}`);
        return heard(() => {
          const listed = { p: 0, errorCode: 0, timestampMs: -1, offset: 0, leaderEpoch: asked.currentLeaderEpoch };
          const partitions = [{ ...listed, ...this.listOffset(asked) }];
          return respond(listOffsetsApi, { throttleTimeMs: 0, topics: [{ name: SCRIPTED_TOPIC, partitions }] });
        });
      }
      case fetchApi.key: {
        const asked = fetchApi.decodeRequest(r, header.apiVersion).topics[0]?.partitions[0] as FetchAsked;
        this.log.push(`Fetch ${asked.currentLeaderEpoch}@${asked.fetchOffset}`);
        return heard(() => {
          const answer = this.fetch(asked);
          if (answer !== undefined) return respond(fetchApi, fetchedPartition(answer));
          setTimeout(() => this.#write(socket, respond(fetchApi, fetchedPartition({}))), EMPTY_FETCH_MS);
          return undefined;
        });
      }
      case produceApi.key: {
        const range = produceApi.decodeRequest(r, header.apiVersion).topics[0]?.partitions[0]?.records;
        const firstSequence = batchBaseSequence(frame, range?.start ?? 0);
        this.log.push(`Produce ${firstSequence}`);
        return heard(() => {
          const answer = this.produce(firstSequence);
          if (answer === undefined) return undefined;
          const none = {
            p: 0,
            errorCode: 0,
            baseOffset: -1,
            logAppendTimeMs: -1,
            logStartOffset: 0,
            errorMessage: null,
          };
          const partitions = [{ ...none, ...answer }];
          return respond(produceApi, { topics: [{ name: SCRIPTED_TOPIC, partitions }], throttleTimeMs: 0 });
        });
      }
      case initProducerIdApi.key:
        this.log.push("InitProducerId");
        return heard(() =>
          respond(initProducerIdApi, { throttleTimeMs: 0, errorCode: 0, producerId: PRODUCER_ID, producerEpoch: 0 }),
        );
      case findCoordinatorApi.key:
        this.log.push("FindCoordinator");
        return heard(() => {
          const { nodeId, port } = this.#cluster.broker(this.coordinator);
          const where = { nodeId, host: "127.0.0.1", port };
          const coordinator = { key: "", errorCode: 0, errorMessage: null, ...where };
          return respond(findCoordinatorApi, { throttleTimeMs: 0, coordinators: [coordinator] });
        });
      case offsetFetchApi.key:
        this.log.push("OffsetFetch");
        return heard(() => {
          const partitions = [{ p: 0, offset: this.committedOffset, leaderEpoch: -1, metadata: null, errorCode: 0 }];
          const topics = [{ name: SCRIPTED_TOPIC, partitions }];
          return respond(offsetFetchApi, { throttleTimeMs: 0, groups: [{ group: "", topics, errorCode: 0 }] });
        });
      default:
        throw new Error(`no script for API ${header.apiKey}`);
    }
  }

  #served() {
    const apis = [listOffsetsApi, fetchApi, produceApi, initProducerIdApi, findCoordinatorApi, offsetFetchApi];
    const ranges = apis.map(({ key, minVersion, maxVersion }) => ({ apiKey: key, minVersion, maxVersion }));
    return [...ranges, { apiKey: metadataApi.key, minVersion: 0, maxVersion: this.metadataVersionMax }];
  }

  #metadata(topics: readonly TopicReference[]): MetadataResponse {
    const brokers = this.alive.map((nodeId) => {
      const { port } = this.#cluster.broker(nodeId);
      return { nodeId, host: "127.0.0.1", port, rack: null };
    });
    const { view } = this;
    const replicas = view?.replicas ?? this.#cluster.brokers.map(({ nodeId }) => nodeId);
    const none = { inSyncReplicas: [], offlineReplicas: [], errorCode: 0 };
    const partitions =
      view === undefined ? [] : [{ p: 0, leader: view.leader, leaderEpoch: view.epoch, replicas, ...none }];
    const errorCode = view === undefined ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.NONE;
    return {
      throttleTimeMs: 0,
      brokers,
      clusterId: "scripted",
      controllerId: 1,
      topics: topics.map((topic) => ({ errorCode, ...namedOf(topic), isInternal: false, partitions })),
    };
  }
}

/** Our client asks by name. */
function namedOf(topic: TopicReference) {
  return { name: nameAndIdOf(topic).name ?? "", topicId: NO_TOPIC_ID };
}

function fetchedPartition({ errorCode = 0, records = [] }: FetchAnswer) {
  const marks = { highWatermark: 1_000, lastStableOffset: 1_000, logStartOffset: 0, abortedTransactions: [] };
  const partitions = [{ p: 0, errorCode, ...marks, records }];
  return { throttleTimeMs: 0, errorCode: 0, sessionId: 0, topics: [{ name: SCRIPTED_TOPIC, partitions }] };
}

export class ScriptedCluster {
  readonly brokers: readonly ScriptedBroker[];

  /** All brokers are alive, and believe that broker 1 leads in epoch 5. */
  static async start(count: number): Promise<ScriptedCluster> {
    const cluster = new ScriptedCluster(count);
    for (const broker of cluster.brokers) await broker.start();
    return cluster;
  }

  private constructor(count: number) {
    const nodeIds = Array.from({ length: count }, (_, i) => i + 1);
    this.brokers = nodeIds.map((nodeId) => new ScriptedBroker(this, nodeId));
    for (const broker of this.brokers) broker.alive = nodeIds;
    this.elect({ leader: 1, epoch: 5 });
  }

  get bootstrap(): string[] {
    return this.brokers.map(({ address }) => address);
  }

  broker(nodeId: number): ScriptedBroker {
    const found = this.brokers.find((broker) => broker.nodeId === nodeId);
    if (found === undefined) throw new Error(`there is no broker ${nodeId}`);
    return found;
  }

  /** From now on these brokers, by default all, believe in this leader. */
  elect(view: LeaderView, whoKnows: readonly number[] = this.brokers.map(({ nodeId }) => nodeId)): void {
    for (const nodeId of whoKnows) this.broker(nodeId).view = view;
  }

  async stop(): Promise<void> {
    await Promise.all(this.brokers.map((broker) => broker.stop()));
  }
}
