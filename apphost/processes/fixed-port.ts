/** With --fixed-ports a port is this one or none: somebody else's program on it is found before the server starts. */
import { once } from "node:events";
import { createServer } from "node:net";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { FIXED_PORTS, LOOPBACK, type PortName } from "./ports.ts";

const USED_BY: Readonly<Record<PortName, string>> = {
  redis: "Redis",
  kafka: "Kafka",
  jobManagerHttp: "the JobManager",
};

export const takeFixedPort = async (name: PortName): Promise<number> => {
  await expectFreePort(FIXED_PORTS[name], USED_BY[name]);
  return FIXED_PORTS[name];
};

/** Throws PORT_TAKEN when nobody could listen on it now. */
export async function expectFreePort(port: number, usedBy: string): Promise<void> {
  const server = createServer();
  try {
    server.listen(port, LOOPBACK);
    await once(server, "listening");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw createError("PORT_TAKEN", { port, usedBy, code: code ?? "" }, error);
  }
  server.close();
  await once(server, "close");
}
