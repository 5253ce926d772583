/** A TaskManager over real TCP that owns whatever it is given, and acknowledges each checkpoint without an offset. */
import { connect, type Socket } from "node:net";
import { REST_TOKEN } from "./job-manager-rest.ts";

export function playOwningTaskManager(rpcPort: number, tm: string): Socket {
  const socket = connect(rpcPort, "127.0.0.1");
  const send = (message: object) => socket.write(`${JSON.stringify(message)}\n`);
  send({ type: "register", token: REST_TOKEN, tm, incarnation: "i", pid: 1, slots: 1, held: [] });
  let text = "";
  let life = "";
  socket.on("data", (data) => {
    const lines = (text + data.toString()).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) {
      const message = JSON.parse(line);
      life = message.life ?? life;
      for (const { p, g } of message.partitions ?? []) send({ type: "owned", p, g, offset: 0 });
      const { checkpointId } = message;
      if (message.type === "triggerCheckpoint") {
        send({ type: "checkpointAcknowledged", checkpointId, life, offsets: [] });
      }
    }
  });
  return socket;
}
