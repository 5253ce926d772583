/**
 * The embedded Redis as a server on 127.0.0.1: its sockets, and what all of them share.
 *
 * E1 One process is one life: everything is in memory, and the run_id is new with each start.
 * E2 to E4: a connection, see `conversation.ts`.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { assert } from "../../common/foundation/assert.ts";
import type { Log } from "../../common/foundation/log.ts";
import { ClosingLog } from "../closing-log.ts";
import { HeldBytes } from "../held-bytes.ts";
import type { ServerState } from "./commands/command.ts";
import { COMMANDS } from "./commands/table.ts";
import { Conversation } from "./conversation.ts";
import { createIdleTimeout } from "./idle-timeout.ts";
import { Keyspace, type MemoryUse } from "./keyspace.ts";
import { createMemoryGuard } from "./memory-guard.ts";
import { PubSub } from "./pubsub.ts";
import { ScriptStore } from "./script-store.ts";
import { Waits } from "./waits.ts";

const CLIENTS_MAX = 10_000;
const MEMORY_BYTES_MAX_DEFAULT = 268_435_456;
const DATABASES = 16;
/** However full of data the memory is, clients may make the server hold so much; and never more than the maximum. */
const HELD_BYTES_MIN = 16_777_216;
const HELD_BYTES_MAX = 134_217_728;
/** Of the bound, what the work itself takes: requests and replies that are under way, and garbage not yet collected. */
const WORKING_BYTES_MAX = 50_331_648;
const WORKING_SHARE_MAX = 0.25;
/** What a client takes that only is there. */
const CONNECTION_BYTES = 6_144;
/** As long as Redis lets a script run before it answers BUSY to all others. */
const SCRIPT_DEADLINE_MS = 5_000;

export interface EmbeddedRedisOptions {
  /** 0: any free one. */
  readonly port: number;
  /** Empty: none is asked for. */
  readonly password: string;
  readonly log: Log;
  readonly nowMs?: () => number;
  /** Of the data, of Lua's heap, of what clients make the server hold and of what the work takes, together. */
  readonly memoryBytesMax?: number;
  readonly scriptDeadlineMs?: number;
}

export interface EmbeddedRedis {
  readonly port: number;
  readonly runId: string;
  /** Settles when a client asked for SHUTDOWN. */
  readonly shutdown: Promise<void>;
  close(): Promise<void>;
}

export async function startEmbeddedRedis(options: EmbeddedRedisOptions): Promise<EmbeddedRedis> {
  const server = createServer({ noDelay: true });
  server.listen({ host: "127.0.0.1", port: options.port, exclusive: true });
  await once(server, "listening");
  const address = server.address();
  assert(address !== null && typeof address === "object", "a TCP server has an address");
  const conversations = new Set<Conversation>();
  const asked = Promise.withResolvers<void>();
  const state = createServerState({
    port: address.port,
    nowMs: options.nowMs ?? Date.now,
    memoryBytesMax: options.memoryBytesMax ?? MEMORY_BYTES_MAX_DEFAULT,
    scriptDeadlineMs: options.scriptDeadlineMs ?? SCRIPT_DEADLINE_MS,
    onShutdown: asked.resolve,
    closeIdle: (silentSinceMs) => {
      for (const conversation of conversations) conversation.closeIfIdle(silentSinceMs);
    },
  });
  state.memory.bytes += workingBytes(state.memory.bytesMax);
  const shared = {
    server: state,
    waits: new Waits(),
    held: new HeldBytes(() => {
      const room = state.memory.bytesMax - state.memory.bytes;
      return Math.min(HELD_BYTES_MAX, Math.max(HELD_BYTES_MIN, room));
    }),
    closing: new ClosingLog(options.log),
    password: options.password,
  };
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    // A client that vanishes is no failure of the server; the close event does all there is to do.
    socket.on("error", () => socket.destroy());
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    const { facts } = state;
    if (facts.connections >= CLIENTS_MAX) {
      shared.closing.warn(`there are ${CLIENTS_MAX} already`);
      socket.end("-ERR max number of clients reached\r\n");
      return;
    }
    facts.connections += 1;
    state.memory.bytes += CONNECTION_BYTES;
    facts.connectionsReceived += 1;
    const conversation = new Conversation(socket, { ...shared, id: facts.connectionsReceived });
    conversations.add(conversation);
    socket.once("close", () => {
      facts.connections -= 1;
      state.memory.bytes -= CONNECTION_BYTES;
      conversations.delete(conversation);
    });
  });
  return {
    port: address.port,
    runId: state.facts.runId,
    shutdown: asked.promise,
    async close() {
      state.idleTimeout.set(0);
      await closeServer(server, sockets);
      shared.closing.close();
    },
  };
}

export function createServerState(a: {
  port: number;
  nowMs: () => number;
  memoryBytesMax: number;
  scriptDeadlineMs: number;
  onShutdown: () => void;
  closeIdle: (silentSinceMs: number) => void;
}): ServerState {
  const memory: MemoryUse = { bytes: 0, garbageBytes: 0, bytesMax: a.memoryBytesMax };
  return {
    databases: Array.from({ length: DATABASES }, () => new Keyspace(a.nowMs, memory)),
    memory,
    guard: createMemoryGuard(memory),
    pubSub: new PubSub(),
    monitors: new Set(),
    clients: new Set(),
    scripts: new ScriptStore(memory, { deadlineMs: a.scriptDeadlineMs, nowMs: () => performance.now() }),
    facts: {
      runId: randomBytes(20).toString("hex"),
      port: a.port,
      startedAtMs: a.nowMs(),
      connections: 0,
      clientsWaiting: 0,
      connectionsReceived: 0,
      commandsProcessed: 0,
      sweepAfterMs: Number.NEGATIVE_INFINITY,
    },
    commandNames: [...COMMANDS.keys()],
    idleTimeout: createIdleTimeout(a.nowMs, a.closeIdle),
    nowMs: a.nowMs,
    onShutdown: a.onShutdown,
  };
}

const workingBytes = (memoryBytesMax: number): number =>
  Math.floor(Math.min(WORKING_BYTES_MAX, memoryBytesMax * WORKING_SHARE_MAX));

async function closeServer(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  const closed = once(server, "close");
  server.close();
  for (const socket of sockets) socket.destroy();
  await closed;
}
