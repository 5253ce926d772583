/**
 * The embedded Redis as a server on 127.0.0.1: sockets, and the bounds on what a client may make it hold.
 *
 * E1 One process is one life: everything is in memory, and the run_id is new with each start.
 * E2 A client that does not read its replies is no longer read from (OUTPUT_PAUSE_BYTES), and is closed when its replies
 *    outgrow OUTPUT_BYTES_MAX. A malformed request closes that connection only.
 * E3 Replies leave in the order of the requests; those of one read leave in one write.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { assert } from "../../common/foundation/assert.ts";
import type { Log } from "../../common/foundation/log.ts";
import type { CommandContext } from "./commands/command.ts";
import { Keyspace } from "./keyspace.ts";
import { encodeReply } from "./reply.ts";
import { RespError, type RespLimits, RespParser } from "./resp-parser.ts";
import type { ServerFacts } from "./server-facts.ts";
import { Session } from "./session.ts";

const MIB = 1_048_576;
const CLIENTS_MAX = 1_000;
const OUTPUT_PAUSE_BYTES = MIB;
const OUTPUT_BYTES_MAX = 64 * MIB;
const MEMORY_BYTES_MAX = 256 * MIB;
const LIMITS: RespLimits = { argumentsMax: 65_536, bulkBytesMax: 16 * MIB, requestBytesMax: 64 * MIB };
/** A stranger may say who he is, and nothing big. */
const STRANGER_LIMITS: RespLimits = { argumentsMax: 10, bulkBytesMax: 16_384, requestBytesMax: 65_536 };

export interface EmbeddedRedisOptions {
  /** 0: any free one. */
  readonly port: number;
  /** Empty: none is asked for. */
  readonly password: string;
  readonly log: Log;
  readonly nowMs?: () => number;
  readonly memoryBytesMax?: number;
}

export interface EmbeddedRedis {
  readonly port: number;
  readonly runId: string;
  /** Settles when a client asked for SHUTDOWN. */
  readonly shutdown: Promise<void>;
  close(): Promise<void>;
}

export async function startEmbeddedRedis(options: EmbeddedRedisOptions): Promise<EmbeddedRedis> {
  const nowMs = options.nowMs ?? Date.now;
  const server = createServer({ noDelay: true });
  server.listen({ host: "127.0.0.1", port: options.port, exclusive: true });
  await once(server, "listening");
  const address = server.address();
  assert(address !== null && typeof address === "object", "a TCP server has an address");
  const facts: ServerFacts = {
    runId: randomBytes(20).toString("hex"),
    port: address.port,
    startedAtMs: nowMs(),
    memoryBytesMax: options.memoryBytesMax ?? MEMORY_BYTES_MAX,
    connections: 0,
    connectionsReceived: 0,
    commandsProcessed: 0,
  };
  const context: CommandContext = { keyspace: new Keyspace(nowMs), facts, nowMs };
  const sockets = new Set<Socket>();
  const asked = Promise.withResolvers<void>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    serveClient(socket, { password: options.password, context, log: options.log, onShutdown: asked.resolve });
  });
  return { port: facts.port, runId: facts.runId, shutdown: asked.promise, close: () => closeServer(server, sockets) };
}

interface ClientOptions {
  readonly password: string;
  readonly context: CommandContext;
  readonly log: Log;
  readonly onShutdown: () => void;
}

function serveClient(socket: Socket, options: ClientOptions): void {
  const { facts } = options.context;
  // A client that vanishes is no failure of the server; the close event does all there is to do.
  socket.on("error", () => socket.destroy());
  if (facts.connections >= CLIENTS_MAX) {
    socket.end("-ERR max number of clients reached\r\n");
    return;
  }
  facts.connections += 1;
  facts.connectionsReceived += 1;
  const session = new Session({
    id: facts.connectionsReceived,
    address: `${socket.remoteAddress}:${socket.remotePort}`,
    password: options.password,
    context: options.context,
    onShutdown: options.onShutdown,
  });
  const parser = new RespParser(session.authenticated ? LIMITS : STRANGER_LIMITS);
  socket.on("data", (chunk) => answerChunk(socket, { chunk, session, parser, facts, log: options.log }));
  socket.on("drain", () => socket.resume());
  socket.once("close", () => {
    facts.connections -= 1;
    session.close();
  });
}

interface Conversation {
  readonly chunk: Buffer;
  readonly session: Session;
  readonly parser: RespParser;
  readonly facts: ServerFacts;
  readonly log: Log;
}

function answerChunk(socket: Socket, { chunk, session, parser, facts, log }: Conversation): void {
  let output = "";
  let failure: RespError | undefined;
  try {
    parser.push(chunk, (request) => {
      if (session.ended || output.length > OUTPUT_BYTES_MAX) return;
      facts.commandsProcessed += 1;
      output += encodeReply(session.answer(request));
      parser.limits = session.authenticated ? LIMITS : STRANGER_LIMITS;
    });
  } catch (error) {
    if (!(error instanceof RespError)) throw error;
    failure = error;
    output += encodeReply({ error: `ERR ${error.message}` });
  }
  if (output !== "") socket.write(output, "latin1");
  if (socket.writableLength > OUTPUT_BYTES_MAX) {
    log.warn(`closed a client that left ${socket.writableLength} bytes of replies unread`);
    socket.destroy();
  } else if (failure !== undefined || session.ended) {
    if (failure !== undefined) log.warn(`closed a client: ${failure.message}`);
    socket.end();
  } else if (socket.writableLength > OUTPUT_PAUSE_BYTES) {
    socket.pause();
  }
}

async function closeServer(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  const closed = once(server, "close");
  server.close();
  for (const socket of sockets) socket.destroy();
  await closed;
}
