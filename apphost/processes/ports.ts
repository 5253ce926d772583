/**
 * Ports of servers that we start: free ones on 127.0.0.1, kept for the whole run, so that addresses never change.
 *
 * They lie below the range from which systems take the local ports of outgoing connections (from 32,768 on Linux, from
 * 49,152 on macOS). Inside it, while a killed server is down, any connection could take its port and keep it for a
 * minute; one that dials the very port may even connect to itself.
 */
import getPort from "get-port";

export const LOOPBACK = "127.0.0.1";
/** With --fixed-ports. A clash then is an error of the server, with its own words. */
export const FIXED_PORTS = { redis: 6379, kafka: 9092, jobManagerHttp: 8081 } as const;

const FIRST = 10_000;
const END = 32_768;
const CANDIDATES = 50;

export type PortName = keyof typeof FIXED_PORTS;

/** A port that was free a moment ago; somebody may still be faster, so starting is retried with another one. */
export const choosePort = (fixed: PortName | null): Promise<number> =>
  fixed === null
    ? getPort({ host: LOOPBACK, reserve: true, port: drawCandidates() })
    : Promise.resolve(FIXED_PORTS[fixed]);

/** At random, so that runs which start at the same time hardly ever want the same ones. Without a free one: any port. */
const drawCandidates = (): number[] =>
  Array.from({ length: CANDIDATES }, () => FIRST + Math.floor(Math.random() * (END - FIRST)));

/** Whether the last words of a server mean that its port was taken. */
export const isPortClash = (lastLines: string): boolean =>
  /EADDRINUSE|address already in use|Address already in use|BindException|bind:|port is already allocated/i.test(
    lastLines,
  );
