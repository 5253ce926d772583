/** The broker's listener: accepts on 127.0.0.1 only, and ends every connection when it closes. */
import { randomBytes } from "node:crypto";
import { type AddressInfo, createServer, type Server } from "node:net";
import { createError } from "../../common/foundation/errors.ts";
import type { Log } from "../../common/foundation/log.ts";
import { ClosingLog } from "../closing-log.ts";
import { HeldBytes } from "../held-bytes.ts";
import { BROKER_SETTINGS, type BrokerSettings, BrokerState } from "./broker-state.ts";
import { Connection } from "./connection.ts";
import { handleRequest } from "./request-router.ts";

export const HOST = "127.0.0.1";
const CONNECTIONS_MAX = 10_000;
/** However full of records the broker is, requests that are under way may take so much. */
const HELD_BYTES_MIN = 16 * 1024 * 1024;
const RETENTION_CHECK_MS = 1_000;
/** A silent connection is closed at most this part of its time too late. */
const IDLE_CHECKS = 8;

export interface KafkaServer {
  readonly host: string;
  /** The real port, also when 0 was asked for. */
  readonly port: number;
  readonly state: BrokerState;
  close(): Promise<void>;
}

export async function startKafkaServer(options: {
  port: number;
  memoryBytesMax: number;
  log: Log;
  onFull: (message: string) => void;
  settings?: Partial<BrokerSettings>;
}): Promise<KafkaServer> {
  const { memoryBytesMax, log, onFull } = options;
  const settings = { ...BROKER_SETTINGS, ...options.settings };
  const connections = new Set<Connection>();
  const server = createServer({ pauseOnConnect: true });
  await listen(server, options.port);
  // Metadata must name the port that clients can reach, so the broker is made once it is known.
  const port = (server.address() as AddressInfo).port;
  const identity = { host: HOST, port, clusterId: randomBytes(16).toString("base64url"), firstProducerId: Date.now() };
  const state = new BrokerState(identity, memoryBytesMax, onFull, settings);
  const { budget } = state.topics;
  const held = new HeldBytes(() => Math.max(HELD_BYTES_MIN, budget.bytesMax - budget.bytesUsed));
  const closing = new ClosingLog(log);
  const handle = (buffer: Buffer, start: number, end: number) => handleRequest(state, buffer, start, end);
  server.on("connection", (accepted) => {
    if (connections.size >= CONNECTIONS_MAX) {
      closing.warn(`there are ${CONNECTIONS_MAX} already`);
      accepted.destroy();
      return;
    }
    const connection = new Connection({ accepted, handle, waiters: state.topics.waiters, held, closing });
    connections.add(connection);
    connection.socket.once("close", () => connections.delete(connection));
  });
  const closeIdle = () => {
    const silentSinceMs = performance.now() - settings.idleMsMax;
    const closed = [...connections].filter((connection) => connection.closeIfIdle(silentSinceMs)).length;
    if (closed > 0) log.info(`closed ${closed} connections that were silent for ${settings.idleMsMax} ms`);
  };
  const timers = [
    setInterval(() => state.topics.enforceRetention(settings.nowMs()), RETENTION_CHECK_MS),
    setInterval(closeIdle, settings.idleMsMax / IDLE_CHECKS),
  ];
  return {
    host: HOST,
    port,
    state,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const timer of timers) clearInterval(timer);
        state.close();
        for (const { socket } of connections) socket.destroy();
        closing.close();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) =>
      reject(createError("KAFKA_EMBEDDED_LISTEN_FAILED", { endpoint: `${HOST}:${port}` }, error)),
    );
    server.listen({ host: HOST, port }, () => resolve());
  });
}
