/**
 * One connection: bytes in, replies out in the order of the requests.
 *
 *   answering ⇄ waiting (BLPOP …)      answering ⇄ draining (replies unread)      → ending (the last words) → closed
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
import { Output } from "./output.ts";
import { encodeReply, isWait, type Reply, ReplyTooLargeError } from "./reply.ts";
import { RespError, type RespLimits, RespParser } from "./resp-parser.ts";
import { Session } from "./session.ts";
import type { Waiting, Waits } from "./waits.ts";

const MIB = 1_048_576;
const LARGE_BYTES = MIB;
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
  #state: "answering" | "waiting" | "draining" | "ending" | "closed" = "answering";
  /** Requests that came while it was not answering; at most what one read brought. */
  #backlog: string[][] = [];
  /** Of the backlog, and of the request that waits. */
  #backlogBytes = 0;
  readonly #output = new Output();
  /** Between the first request of a turn and its write: pushes join the replies, so that they keep their order. */
  #inTurn = false;
  /** Of the request that this read completes, much had come before. */
  #heldMuch = false;
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
    const { transaction, namesBytes } = this.#session.client;
    const queuedBytes = transaction.kind === "queueing" ? transaction.bytes : 0;
    return this.#parser.pendingBytes + this.#backlogBytes + queuedBytes + namesBytes + this.#unsentBytes;
  }

  get #unsentBytes(): number {
    return this.#output.bytes + this.#socket.writableLength;
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
    if (this.#state === "ending" || this.#state === "closed") return;
    this.#lastRequestAtMs = this.#options.server.nowMs();
    let failure: RespError | undefined;
    this.#inTurn = true;
    const { length } = chunk;
    this.#heldMuch = this.#parser.pendingBytes > LARGE_BYTES;
    try {
      this.#parser.push(chunk, (request) => this.#take(request));
    } catch (error) {
      if (!(error instanceof RespError)) throw error;
      failure = error;
    }
    this.#endTurn(failure);
    this.#options.server.guard.afterTurn(length);
  }

  #take(request: string[]): void {
    if (this.#heldMuch) {
      // Its parts are no longer held here, and what it makes others hold must not be laid to its charge.
      this.#heldMuch = false;
      this.#options.held.update(this);
    }
    if (this.#state === "answering") this.#answer(request);
    else if (this.#state === "waiting" || this.#state === "draining") {
      this.#backlog.push(request);
      this.#backlogBytes += bytesOf(request);
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
      this.#backlogBytes += bytesOf(request);
      server.facts.clientsWaiting += 1;
      this.#waiting = waits.add(client.keyspace, reply, (late) => this.#endWait(late));
    } else this.#addReply(reply);
    this.#parser.limits = client.authenticated ? LIMITS : STRANGER_LIMITS;
    waits.serve();
    server.guard.afterCommand();
    if (this.#state === "answering" && this.#unsentBytes > OUTPUT_PAUSE_BYTES) {
      this.#state = "draining";
    }
  }

  #addReply(reply: Reply): void {
    const { protocol } = this.#session.client;
    const output = this.#output;
    output.begin();
    try {
      encodeReply(reply, protocol, output, output.bytes + OUTPUT_BYTES_MAX);
    } catch (error) {
      if (!(error instanceof ReplyTooLargeError)) throw error;
      output.undo();
      this.#addError(`the reply would have more than ${OUTPUT_BYTES_MAX} bytes: ask for less at once`);
    }
  }

  #addError(message: string): void {
    this.#output.add(`-ERR ${message}\r\n`);
  }

  /** Sends what the turn made, and says what comes next. */
  #endTurn(failure?: RespError): void {
    this.#inTurn = false;
    if (this.#state === "closed") return;
    if (failure !== undefined) {
      this.#addError(failure.message);
      this.#options.closing.warn(failure.message);
    }
    if (failure !== undefined || this.#session.client.ended) this.#state = "ending";
    this.#send();
    if (this.#state === "draining" && this.#output.bytes === 0 && !this.#socket.writableNeedDrain) {
      // All of it went out at once, so no drain will come.
      this.#goOn();
      return;
    }
    if (this.#state === "answering") this.#socket.resume();
    else if (this.#state === "waiting" || this.#state === "draining") this.#socket.pause();
    // What the turn added to the data leaves less for all that clients hold.
    this.#options.held.enforce();
  }

  #send(): void {
    if (this.#state !== "closed") this.#output.send(this.#socket);
    if (this.#state === "ending" && this.#output.bytes === 0) {
      this.#state = "closed";
      this.#socket.end();
    }
    this.#options.held.update(this);
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
    this.#send();
    if (this.#state === "draining" && this.#output.bytes === 0) this.#goOn();
  }

  #endWait(reply: Reply): void {
    this.#waiting = undefined;
    this.#options.server.facts.clientsWaiting -= 1;
    if (this.#state !== "waiting") return;
    // In a turn of its own: the one that brought the reply belongs to another client.
    this.#addReply(reply);
    this.#goOn();
  }

  #push(reply: Reply): void {
    if (this.#state === "ending" || this.#state === "closed") return;
    this.#addReply(reply);
    if (!this.#inTurn) this.#send();
    if (this.#unsentBytes > OUTPUT_BYTES_MAX) this.#close(`it left ${this.#unsentBytes} bytes of messages unread`);
  }

  #close(reason: string): void {
    if (this.#socket.destroyed) return;
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

const bytesOf = (request: readonly string[]): number =>
  request.reduce((sum, arg) => sum + arg.length, REQUEST_OVERHEAD_BYTES);
