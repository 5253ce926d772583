/** A Kafka that answers all but one kind of request, and holds its connections: as one that hangs in the middle of it. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { ClosingLog } from "../../simulator/embedded/closing-log.ts";
import { HeldBytes } from "../../simulator/embedded/held-bytes.ts";
import { BrokerState } from "../../simulator/embedded/kafka/broker-state.ts";
import { Connection } from "../../simulator/embedded/kafka/connection.ts";
import { handleRequest } from "../../simulator/embedded/kafka/request-router.ts";

export async function startSilentKafka(silentApiKey: number) {
  const sockets = new Set<Socket>();
  const server = createServer({ pauseOnConnect: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const identity = { host: "127.0.0.1", port, clusterId: "silent-cluster", firstProducerId: 1 };
  const state = new BrokerState(identity, 1_000_000, () => undefined);
  const handle = (buffer: Buffer, start: number, end: number) =>
    buffer.readInt16BE(start) === silentApiKey
      ? ({ kind: "silent" } as const)
      : handleRequest(state, buffer, start, end);
  const held = new HeldBytes(() => Number.POSITIVE_INFINITY);
  const closing = new ClosingLog(createLog(() => undefined));
  server.on("connection", (accepted) => {
    sockets.add(new Connection({ accepted, handle, waiters: state.topics.waiters, held, closing }).socket);
  });
  return {
    bootstrap: `127.0.0.1:${port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      await once(server.close(), "close");
    },
  };
}
