/**
 * A Unix socket in front of the real engine: a run that uses it sees its engine die, or be slow, while the real one, which
 * others use as well, goes on.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { realEngine } from "./real-docker.ts";

export interface EngineProxy {
  /** For DOCKER_HOST. */
  readonly address: string;
  /** Every connection breaks, and nobody listens any more. */
  die(): Promise<void>;
  /** Listens again at the same address. */
  revive(): Promise<void>;
  close(): Promise<void>;
}

export async function startEngineProxy(): Promise<EngineProxy> {
  const folder = mkdtempSync(join(tmpdir(), "engine-proxy-"));
  const path = join(folder, "engine.sock");
  const sockets = new Set<Socket>();
  let server: Server | null = null;
  const listen = () =>
    new Promise<void>((resolve, reject) => {
      server = createServer((client) => forward(client, sockets));
      server.once("error", reject);
      server.listen(path, resolve);
    });
  const die = async () => {
    const dying = server;
    server = null;
    if (dying === null) return;
    const closed = new Promise<void>((resolve) => dying.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await listen();
  return {
    address: `unix://${path}`,
    die,
    revive: listen,
    async close() {
      await die();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function forward(client: Socket, sockets: Set<Socket>): void {
  const engine = connect(realEngine().address.replace(/^unix:\/\//, ""));
  for (const [from, to] of [
    [client, engine],
    [engine, client],
  ] as const) {
    sockets.add(from);
    from.pipe(to);
    from.on("error", () => to.destroy());
    from.on("close", () => {
      sockets.delete(from);
      to.destroy();
    });
  }
}
