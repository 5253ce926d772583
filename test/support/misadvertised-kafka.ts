/** A Kafka that answers, and advertises an address at which nobody listens: the usual mistake behind a NAT or a container. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { ClosingLog } from "../../simulator/embedded/closing-log.ts";
import { HeldBytes } from "../../simulator/embedded/held-bytes.ts";
import { BrokerState } from "../../simulator/embedded/kafka/broker-state.ts";
import { Connection } from "../../simulator/embedded/kafka/connection.ts";
import { handleRequest } from "../../simulator/embedded/kafka/request-router.ts";

export async function startMisadvertisedKafka(advertised: { host: string; port: number }) {
  const identity = { ...advertised, clusterId: "misadvertised-cluster", firstProducerId: 1 };
  const state = new BrokerState(identity, 1_000_000, () => undefined);
  const handle = (buffer: Buffer, start: number, end: number) => handleRequest(state, buffer, start, end);
  const held = new HeldBytes(() => Number.POSITIVE_INFINITY);
  const closing = new ClosingLog(createLog(() => undefined));
  const sockets = new Set<Socket>();
  const server = createServer({ pauseOnConnect: true }, (accepted) => {
    const { socket } = new Connection({ accepted, handle, waiters: state.topics.waiters, held, closing });
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    bootstrap: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      await once(server.close(), "close");
    },
  };
}
