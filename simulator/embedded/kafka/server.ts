/** The broker's listener: accepts on 127.0.0.1 only, and ends every connection when it closes. */
import { randomBytes } from "node:crypto";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createError } from "../../common/foundation/errors.ts";
import type { Log } from "../../common/foundation/log.ts";
import { BrokerState } from "./broker-state.ts";
import { Connection } from "./connection.ts";
import { handleRequest } from "./request-router.ts";

export const HOST = "127.0.0.1";
const CONNECTIONS_MAX = 2_000;

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
}): Promise<KafkaServer> {
  const { memoryBytesMax, log, onFull } = options;
  const sockets = new Set<Socket>();
  const server = createServer({ pauseOnConnect: true });
  await listen(server, options.port);
  // Metadata must name the port that clients can reach, so the broker is made once it is known.
  const port = (server.address() as AddressInfo).port;
  const identity = { host: HOST, port, clusterId: randomBytes(16).toString("base64url"), firstProducerId: Date.now() };
  const state = new BrokerState(identity, memoryBytesMax, onFull);
  const handle = (buffer: Buffer, start: number, end: number) => handleRequest(state, buffer, start, end);
  server.on("connection", (accepted) => {
    if (sockets.size >= CONNECTIONS_MAX) {
      log.warn(`a connection was refused: there are ${CONNECTIONS_MAX} already`);
      accepted.destroy();
      return;
    }
    const { socket } = new Connection({ accepted, handle, waiters: state.topics.waiters, log });
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return {
    host: HOST,
    port,
    state,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        state.groups.close();
        state.consumerGroups.close();
        for (const socket of sockets) socket.destroy();
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
