/**
 * A TCP proxy on this machine whose network a test breaks: `cut` resets every connection, `blackhole` swallows bytes in
 * one or both directions while connections stay open, `refuse` accepts nobody, `hold` and `delay` let bytes come late.
 */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export interface TcpProxy {
  readonly port: number;
  /** Where bytes go: may be changed, for example when the server moved. */
  target: number;
  /** Resets all connections that are open now. New ones are accepted. */
  cut(): void;
  /** From now on: bytes from the server, or in both directions, vanish. Null ends it, for new connections only. */
  blackhole(direction: "fromServer" | "both" | null): void;
  /** While true, connections are reset as they come. */
  refuse(refusing: boolean): void;
  /**
   * From now on keeps what clients send on the connections that are open now, also when the client goes, until the
   * returned function hands it all on.
   */
  hold(): () => void;
  /** New connections: their bytes reach the server this much later. */
  delay(ms: number): void;
  /** Connections accepted since the start. */
  readonly accepted: number;
  /** Pieces that came from the server since the start: small answers have one each. */
  readonly answers: number;
  close(): Promise<void>;
}

/** `host`: where it listens. The server is at 127.0.0.1. */
export async function startTcpProxy(targetPort: number, host = "127.0.0.1"): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let swallowing: "fromServer" | "both" | null = null;
  let refusing = false;
  let accepted = 0;
  let answers = 0;
  let delayMs = 0;
  /** By connection: what to do on the way to the server, in order, while it is held. */
  const held = new Map<Socket, (() => void)[]>();
  const server = createServer((client) => {
    if (refusing) {
      client.resetAndDestroy();
      return;
    }
    accepted += 1;
    const upstream = connect(proxy.target, "127.0.0.1");
    const pair = [client, upstream] as const;
    pairs.add(pair);
    const ownDelayMs = delayMs;
    const toServer = (act: () => void) => {
      const kept = held.get(client);
      if (kept !== undefined) kept.push(act);
      else if (ownDelayMs > 0) setTimeout(act, ownDelayMs);
      else act();
    };
    // A connection that lost bytes has a hole: it must not come back to life, so its flag only ever rises.
    let holed = false;
    client.on("data", (chunk) => {
      if (swallowing === "both") holed = true;
      if (!holed) toServer(() => upstream.write(chunk));
    });
    upstream.on("data", (chunk) => {
      answers += 1;
      if (swallowing !== null) holed = true;
      if (!holed) client.write(chunk);
    });
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        pairs.delete(pair);
        client.destroy();
        toServer(() => upstream.end());
      });
    }
  });
  server.listen(0, host);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port was given");
  const cut = () => {
    for (const pair of pairs) for (const socket of pair) socket.resetAndDestroy();
  };
  const proxy: TcpProxy = {
    port: address.port,
    target: targetPort,
    cut,
    blackhole(direction) {
      swallowing = direction;
    },
    refuse(on) {
      refusing = on;
    },
    hold() {
      const clients = [...pairs].map(([client]) => client);
      for (const client of clients) held.set(client, []);
      return () => {
        for (const client of clients) {
          const kept = held.get(client) ?? [];
          held.delete(client);
          for (const act of kept) act();
        }
      };
    },
    delay(ms) {
      delayMs = ms;
    },
    get accepted() {
      return accepted;
    },
    get answers() {
      return answers;
    },
    async close() {
      cut();
      await once(server.close(), "close");
    },
  };
  return proxy;
}
