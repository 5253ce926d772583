/**
 * Ports of servers that we start: free ones on 127.0.0.1, kept for the whole run, so that addresses never change.
 *
 * They lie below the range from which systems take the local ports of outgoing connections (from 32,768 on Linux, from
 * 49,152 on macOS). Inside it, while a killed server is down, any connection could take its port and keep it for a
 * minute; one that dials the very port may even connect to itself.
 */
import { once } from "node:events";
import { createServer } from "node:net";
import getPort from "get-port";
import { createError } from "../../simulator/common/foundation/errors.ts";

export const LOOPBACK = "127.0.0.1";
/** With --fixed-ports. */
export const FIXED_PORTS = { redis: 6379, kafka: 9092, jobManagerHttp: 8081 } as const;

const USED_BY: Readonly<Record<PortName, string>> = {
  redis: "Redis",
  kafka: "Kafka",
  jobManagerHttp: "the JobManager",
};

const FIRST = 10_000;
const END = 32_768;
const CANDIDATES = 50;

export type PortName = keyof typeof FIXED_PORTS;

/** A port that was free a moment ago; somebody may still be faster, so starting is retried with another one. */
export const choosePort = (): Promise<number> => getPort({ host: LOOPBACK, reserve: true, port: drawCandidates() });

/** At random, so that runs which start at the same time hardly ever want the same ones. Without a free one: any port. */
const drawCandidates = (): number[] =>
  Array.from({ length: CANDIDATES }, () => FIRST + Math.floor(Math.random() * (END - FIRST)));

/** With --fixed-ports a port is this one or none: somebody else's program on it is found before the server starts. */
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

/** Whether the last words of a server mean that its port was taken. */
export const isPortClash = (lastLines: string): boolean =>
  /EADDRINUSE|address already in use|Address already in use|BindException|bind:|port is already allocated/i.test(
    lastLines,
  );
