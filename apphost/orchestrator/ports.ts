/** Ports of servers that we start: free ones on 127.0.0.1, kept for the whole run, so that addresses never change. */
import getPort from "get-port";

export const LOOPBACK = "127.0.0.1";
/** With --fixed-ports. A clash then is an error of the server, with its own words. */
export const FIXED_PORTS = { redis: 6379, kafka: 9092, jobManagerHttp: 8081 } as const;

export type PortName = keyof typeof FIXED_PORTS;

/** A port that was free a moment ago; somebody may still be faster, so starting is retried with another one. */
export const choosePort = (fixed: PortName | null): Promise<number> =>
  fixed === null ? getPort({ host: LOOPBACK, reserve: true }) : Promise.resolve(FIXED_PORTS[fixed]);

/** Whether the last words of a server mean that its port was taken. */
export const isPortClash = (lastLines: string): boolean =>
  /EADDRINUSE|address already in use|Address already in use|BindException|bind:/i.test(lastLines);
