/**
 * One connection: bytes in, replies out in the order of the requests.
 *
 *   answering ⇄ waiting (BLPOP …)      answering ⇄ draining (replies unread)      → closed
 *
 * E2 A client that does not read its replies is answered no further (OUTPUT_PAUSE_BYTES): its requests wait in the
 *    backlog and in the socket. Messages of channels cannot wait; one that lets them outgrow OUTPUT_BYTES_MAX is closed.
 * E3 Replies of one read leave in one write, as far as E2 lets them.
 * E4 A malformed request closes this connection only.
 */
import type { Socket } from "node:net";
import type { ClosingLog } from "../closing-log.ts";
import type { HeldBytes, Holder } from "../held-bytes.ts";
import type { ServerState } from "./commands/command.ts";
import { encodeReply, isWait, type Reply, ReplyTooLargeError } from "./reply.ts";
import { RespError, type RespLimits, RespParser } from "./resp-parser.ts";
import { Session } from "./session.ts";
import type { Waiting, Waits } from "./waits.ts";

const MIB = 1_048_576;
const OUTPUT_PAUSE_BYTES = MIB;
const OUTPUT_BYTES_MAX = 64 * MIB;
const LIMITS: RespLimits = { argumentsMax: 65_536, bulkBytesMax: 16 * MIB, requestBytesMax: 64 * MIB };
/** A stranger may say who he is, and nothing big. */
const STRANGER_LIMITS: RespLimits = { argumentsMax: 10, bulkBytesMax: 16_384, requestBytesMax: 65_536 };
/** What an array of a request costs beside its bytes. */
const REQUEST_OVERHEAD_BYTES = 128;

export interface ConversationOptions {
  readonly id: number;
  readonly password: string;
  readonly server: ServerState;
  readonly waits: Waits;
  readonly held: HeldBytes;
  readonly closing: ClosingLog;
}

export class Conversation implements Holder {
  readonly #socket: Socket;
  readonly #options: ConversationOptions;
  readonly #session: Session;
  readonly #parser: RespParser;
  #state: "answering" | "waiting" | "draining" | "closed" = "answering";
  /** Requests that came while it was not answering; at most what one read brought. */
  #backlog: string[][] = [];
  #backlogBytes = 0;
  #output = "";
  /** Between the first request of a turn and its write: pushes join the replies, so that they keep their order. */
  #inTurn = false;
  #waiting: Waiting | undefined;
  #lastRequestAtMs: number;

  constructor(socket: Socket, options: ConversationOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#session = new Session({
      id: options.id,
      address: `${socket.remoteAddress}:${socket.remotePort}`,
      password: options.password,
      server: options.server,
      push: (reply) => this.#push(reply),
    });
    this.#parser = new RespParser(this.#session.client.authenticated ? LIMITS : STRANGER_LIMITS);
    this.#lastRequestAtMs = options.server.nowMs();
    socket.on("data", (chunk) => this.#read(chunk));
    socket.on("drain", () => this.#onDrain());
    socket.once("close", () => this.#onClose());
  }

  get heldBytes(): number {
    const { transaction } = this.#session.client;
    const queuedBytes = transaction.kind === "queueing" ? transaction.bytes : 0;
    return this.#parser.pendingBytes + this.#backlogBytes + queuedBytes + this.#socket.writableLength;
  }

  evict(): void {
    this.#close(
      `it held ${this.heldBytes} bytes of unfinished requests and unread replies, and all clients together hold too much: send less at once, or start with a larger --embedded-memory`,
    );
  }

  /** Listeners, monitors and those that wait are silent by nature. */
  closeIfIdle(silentSinceMs: number): void {
    const { client } = this.#session;
    const listens = client.subscriptionCount > 0 || this.#options.server.monitors.has(client);
    if (listens || this.#state === "waiting" || this.#lastRequestAtMs > silentSinceMs) return;
    this.#state = "closed";
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.#state === "closed") return;
    this.#lastRequestAtMs = this.#options.server.nowMs();
    let failure: RespError | undefined;
    this.#inTurn = true;
    try {
      this.#parser.push(chunk, (request) => this.#take(request));
    } catch (error) {
      if (!(error instanceof RespError)) throw error;
      failure = error;
    }
    this.#endTurn(failure);
  }

  #take(request: string[]): void {
    if (this.#state === "answering") this.#answer(request);
    else if (this.#state !== "closed") {
      this.#backlog.push(request);
      this.#backlogBytes += request.reduce((sum, arg) => sum + arg.length, REQUEST_OVERHEAD_BYTES);
    }
  }

  #answer(request: readonly string[]): void {
    const { server, waits } = this.#options;
    const { client } = this.#session;
    if (client.ended) return;
    server.facts.commandsProcessed += 1;
    const reply = this.#session.answer(request);
    if (isWait(reply)) {
      this.#state = "waiting";
      server.facts.clientsWaiting += 1;
      this.#waiting = waits.add(client.keyspace, reply, (late) => this.#endWait(late));
    } else this.#output += this.#encode(reply);
    this.#parser.limits = client.authenticated ? LIMITS : STRANGER_LIMITS;
    waits.serve();
    if (this.#state === "answering" && this.#output.length + this.#socket.writableLength > OUTPUT_PAUSE_BYTES) {
      this.#state = "draining";
    }
  }

  #encode(reply: Reply): string {
    try {
      return encodeReply(reply, this.#session.client.protocol, OUTPUT_BYTES_MAX);
    } catch (error) {
      if (!(error instanceof ReplyTooLargeError)) throw error;
      return encodeReply({
        error: `ERR the reply would have more than ${OUTPUT_BYTES_MAX} bytes: ask for less at once`,
      });
    }
  }

  /** Writes what the turn made, and says what comes next. */
  #endTurn(failure?: RespError): void {
    this.#inTurn = false;
    if (failure !== undefined) this.#output += encodeReply({ error: `ERR ${failure.message}` });
    if (this.#output !== "") this.#socket.write(this.#output, "latin1");
    this.#output = "";
    if (failure !== undefined || this.#session.client.ended) {
      if (failure !== undefined) this.#options.closing.warn(failure.message);
      this.#state = "closed";
      this.#socket.end();
    } else if (this.#state === "draining" && !this.#socket.writableNeedDrain) {
      // All of it went out at once, so no drain will come.
      this.#goOn();
      return;
    }
    if (this.#state === "answering") this.#socket.resume();
    else if (this.#state !== "closed") this.#socket.pause();
    this.#options.held.update(this);
    // What the turn added to the data leaves less for all that clients hold.
    this.#options.held.enforce();
  }

  #goOn(): void {
    this.#state = "answering";
    this.#inTurn = true;
    const backlog = this.#backlog;
    this.#backlog = [];
    this.#backlogBytes = 0;
    for (const request of backlog) this.#take(request);
    this.#endTurn();
  }

  #onDrain(): void {
    if (this.#state === "draining") this.#goOn();
    else this.#options.held.update(this);
  }

  #endWait(reply: Reply): void {
    this.#waiting = undefined;
    this.#options.server.facts.clientsWaiting -= 1;
    if (this.#state !== "waiting") return;
    // In a turn of its own: the one that brought the reply belongs to another client.
    this.#socket.write(this.#encode(reply), "latin1");
    this.#goOn();
  }

  #push(reply: Reply): void {
    if (this.#state === "closed") return;
    const text = this.#encode(reply);
    if (this.#inTurn) {
      this.#output += text;
      return;
    }
    this.#socket.write(text, "latin1");
    if (this.#socket.writableLength > OUTPUT_BYTES_MAX) {
      this.#close(`it left ${this.#socket.writableLength} bytes of messages unread`);
    } else this.#options.held.update(this);
  }

  #close(reason: string): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#options.closing.warn(reason);
    this.#socket.destroy();
  }

  #onClose(): void {
    this.#state = "closed";
    this.#waiting?.cancel();
    if (this.#waiting !== undefined) this.#options.server.facts.clientsWaiting -= 1;
    this.#session.client.close();
    this.#options.held.remove(this);
  }
}
