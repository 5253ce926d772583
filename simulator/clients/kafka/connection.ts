/**
 * One connection to one broker. Its states:
 *
 *   connecting      TCP, with TLS where the settings say so, then ApiVersions: a broker that does not answer it is not there
 *   authenticating  SASL, where the settings have a user
 *   open            requests go out, answers come back in the order of the requests
 *   closed          with the reason; nothing leaves this state
 *
 * C1 Answers come in the order of the requests, so the next answer's correlation id must be the oldest pending one.
 *    Anything else, and any malformed frame, closes the connection.
 * C2 Every request has a deadline; one that passes closes the connection, since all later answers wait behind it.
 * C3 Every request ends exactly once: with its answer, or with the reason of the close. After a close the outcome of
 *    the requests that were pending is unknown.
 * C4 The bytes of an answer are valid only while its handler runs: the buffer is used again for the next one.
 * C5 A peer is silent while the oldest request is unanswered, and no byte came, for SILENT_AFTER_MS beyond the time that
 *    the request allows it to wait. That is told, and decides nothing here: it may be slow, hung, or paused.
 */

import type { Socket } from "node:net";
import { formatHostPort } from "../../common/foundation/address.ts";
import { assert } from "../../common/foundation/assert.ts";
import { withDeadline } from "../../common/foundation/deadline.ts";
import { type AppError, createError, isAppError } from "../../common/foundation/errors.ts";
import { type KafkaSecurity, PLAINTEXT } from "../../common/foundation/kafka-security.ts";
import { authenticate } from "./security/authentication.ts";
import { explainTlsFailure, openBrokerSocket } from "./security/broker-socket.ts";
import { explainForeignAnswer } from "./security/foreign-answer.ts";
import { type ApiVersionRange, apiVersionsApi } from "./wire/apis/api-versions.ts";
import { describeBrokerError } from "./wire/error-codes.ts";
import { type Api, beginFlexibleBody, clientMaxVersion, encodeRequestFrame, isFlexible } from "./wire/frame.ts";
import { FrameAssembler } from "./wire/frame-assembler.ts";
import { Reader } from "./wire/reader.ts";

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly clientId: string;
  /** Default PLAINTEXT. */
  readonly security?: KafkaSecurity;
  /** For connect, ApiVersions and SASL together. Default 10 s. */
  readonly openDeadlineMs?: number;
  readonly events?: ConnectionEvents;
}

export interface ConnectionEvents {
  /** Called once, when an open connection closes for another reason than `close()`. */
  readonly onLost?: (error: AppError) => void;
  /** Called once a second while the peer is silent (C5), and also while it leaves the opening unanswered. */
  readonly onSilent?: () => void;
}

export interface RequestTiming {
  /** How long the broker may take its time by the request's own terms: a fetch waits for records. Default 0. */
  readonly waitMs?: number;
  /** Default 30 s. */
  readonly deadlineMs?: number;
}

/** Takes the answer in place. The reader stands at the body; what it gives is valid during the call only (C4). */
export interface AnswerHandler {
  onAnswer(r: Reader, version: number): void;
  onFailure(error: AppError): void;
}

interface PendingRequest {
  readonly correlationId: number;
  readonly version: number;
  readonly isFlexible: boolean;
  readonly what: string;
  readonly sentAtMs: number;
  readonly waitMs: number;
  readonly deadlineMs: number;
  readonly handler: AnswerHandler;
}

type State =
  | { readonly kind: "connecting" }
  | { readonly kind: "authenticating" | "open"; readonly served: ReadonlyMap<number, ApiVersionRange> }
  | { readonly kind: "closed"; readonly error: AppError };

const OPEN_DEADLINE_MS = 10_000;
const REQUEST_DEADLINE_MS = 30_000;
/** Far longer than a broker needs that is well, far shorter than any deadline. */
export const SILENT_AFTER_MS = 2_000;
const SILENT_AGAIN_MS = 1_000;
/** A fetch answer holds about 1 MB a partition; this leaves room for one that is far above, and no more. */
const FRAME_BYTES_MAX = 64 * 1024 * 1024;
const READ_BUFFER_BYTES = 256 * 1024;
/** More than any caller of ours has in flight: reaching it is a programmer's error. */
const PENDING_MAX = 1_024;

export class Connection {
  readonly endpoint: string;
  readonly #clientId: string;
  readonly #security: KafkaSecurity;
  readonly #socket: Socket;
  readonly #assembler = new FrameAssembler(FRAME_BYTES_MAX, (buffer, start, end) => this.#receive(buffer, start, end));
  /** Where a frame begins; the rest of one that does not fit is read to where it belongs. */
  readonly #chunk = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  readonly #pending: PendingRequest[] = [];
  readonly #events: ConnectionEvents;
  #state: State = { kind: "connecting" };
  #nextCorrelationId = 1;
  /** When the last bytes came. */
  #heardAtMs = 0;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires: never later than the soonest deadline of a pending request, or than the peer is silent. */
  #timerAtMs = Number.POSITIVE_INFINITY;

  /**
   * Connects, asks which versions the broker serves, and says who we are. Throws KAFKA_CONNECTION_LOST, DEADLINE_EXCEEDED,
   * or one of the errors of `errors-kafka-security.ts`, which no repetition cures.
   */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const connection = new Connection(options);
    const what = `the connection to Kafka at ${connection.endpoint}`;
    try {
      await withDeadline(connection.#handshake(), { what, deadlineMs: options.openDeadlineMs ?? OPEN_DEADLINE_MS });
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  }

  private constructor(options: ConnectionOptions) {
    this.endpoint = formatHostPort(options);
    this.#clientId = options.clientId;
    this.#security = options.security ?? PLAINTEXT;
    this.#events = options.events ?? {};
    const onread = {
      buffer: () => this.#assembler.rest() ?? this.#chunk,
      callback: (bytes: number, buffer: Uint8Array) => this.#read(buffer, bytes),
    };
    this.#socket = openBrokerSocket(options, this.#security, { noDelay: true, onread });
    this.#socket.on("error", (error: NodeJS.ErrnoException) => this.#fail(error));
    this.#socket.on("end", () => this.#lose("the broker closed it"));
    this.#socket.on("close", () => this.#lose("it closed"));
  }

  get isOpen(): boolean {
    return this.#state.kind === "open";
  }

  /** True while the peer owes an answer that should be here (C5). */
  get isSilent(): boolean {
    return performance.now() >= this.#silentFromMs();
  }

  /** The highest version of an API that the broker serves, whether this client has it or not. -1: none. */
  servedVersionMax({ key }: { readonly key: number }): number {
    return "served" in this.#state ? (this.#state.served.get(key)?.maxVersion ?? -1) : -1;
  }

  /** Sends a request and gives its decoded answer. For answers without ranges: those are read in place. */
  send<Q, S, DQ, DS>(api: Api<Q, S, DQ, DS>, request: Q, deadlineMs = REQUEST_DEADLINE_MS): Promise<DS> {
    return new Promise<DS>((resolve, reject) => {
      const handler = {
        onAnswer: (r: Reader, version: number) => resolve(api.decodeResponse(r, version)),
        onFailure: reject,
      };
      this.sendInPlace(api, request, handler, { deadlineMs });
    });
  }

  /** Sends a request whose answer is handled where it lies. Never throws for a lost connection: see onFailure. */
  sendInPlace<Q, S, DQ, DS>(
    api: Api<Q, S, DQ, DS>,
    request: Q,
    handler: AnswerHandler,
    { waitMs = 0, deadlineMs = REQUEST_DEADLINE_MS }: RequestTiming = {},
  ): void {
    if (this.#state.kind === "closed") {
      handler.onFailure(this.#state.error);
      return;
    }
    const version = this.#chooseVersion(api);
    if (typeof version !== "number") {
      handler.onFailure(version);
      return;
    }
    assert(this.#pending.length < PENDING_MAX, `at most ${PENDING_MAX} requests are in flight on a connection`);
    const correlationId = this.#nextCorrelationId;
    this.#nextCorrelationId = correlationId === 0x7fffffff ? 1 : correlationId + 1;
    const header = { apiKey: api.key, apiVersion: version, correlationId, clientId: this.#clientId };
    const flexible = isFlexible(api, version);
    const chunks = encodeRequestFrame(header, (w) => api.encodeRequest(w, version, request), flexible);
    const sentAtMs = performance.now();
    this.#pending.push({
      correlationId,
      version,
      isFlexible: flexible,
      what: api.name,
      sentAtMs,
      waitMs,
      deadlineMs,
      handler,
    });
    this.#armTimer(sentAtMs + deadlineMs);
    // One system call for the header and a batch of megabytes, and the batch is not copied.
    this.#socket.cork();
    for (const chunk of chunks) this.#socket.write(chunk);
    this.#socket.uncork();
  }

  /** Closes it as lost: a request that is pending ends with an unknown outcome (C3). */
  abandon(reason: string): void {
    this.#lose(reason);
  }

  close(): void {
    this.#end(createError("KAFKA_CLOSED", { what: `the connection to Kafka at ${this.endpoint}` }));
  }

  async #handshake(): Promise<void> {
    const answer = await this.send(apiVersionsApi, {});
    if (answer.errorCode !== 0) {
      const { name, code } = describeBrokerError(answer.errorCode);
      throw createError("KAFKA_BROKER_ERROR", { what: `ApiVersions of ${this.endpoint}`, name, code, detail: "" });
    }
    if (this.#state.kind !== "connecting") return;
    const served = new Map(answer.apis.map((range) => [range.apiKey, range]));
    const { sasl, tls } = this.#security;
    if (sasl !== null) {
      this.#state = { kind: "authenticating", served };
      const send: Connection["send"] = (api, request) => this.send(api, request);
      await authenticate({ endpoint: this.endpoint, transport: tls === null ? "PLAINTEXT" : "SSL", send }, sasl);
      // It may have been closed meanwhile; TypeScript cannot see that.
      if ((this.#state as State).kind === "closed") return;
    }
    this.#state = { kind: "open", served };
  }

  /** The highest version that both sides know. ApiVersions itself is asked in the one that every broker has. */
  #chooseVersion(api: {
    key: number;
    name: string;
    minVersion: number;
    maxVersion: number;
    flexibleFrom?: number;
    clientAsksFlexible?: boolean;
  }): number | AppError {
    if (!("served" in this.#state)) return 0;
    const range = this.#state.served.get(api.key);
    const version = Math.min(clientMaxVersion(api), range?.maxVersion ?? -1);
    if (range !== undefined && version >= Math.max(api.minVersion, range.minVersion)) return version;
    return createError("KAFKA_VERSION_UNSUPPORTED", {
      endpoint: this.endpoint,
      api: api.name,
      broker: range === undefined ? "no version" : `versions ${range.minVersion} to ${range.maxVersion}`,
      client: `one of ${api.minVersion} to ${clientMaxVersion(api)}`,
    });
  }

  /** True: go on reading. */
  #read(buffer: Uint8Array, bytes: number): boolean {
    this.#heardAtMs = performance.now();
    try {
      if (buffer === this.#chunk) this.#assembler.push(this.#chunk, bytes);
      else this.#assembler.advance(bytes);
    } catch (error) {
      // Only what the peer sent is our business here; an error of a handler is a programmer's and goes up.
      if (!isAppError(error) || error.code !== "KAFKA_MALFORMED") throw error;
      // Who does not answer the first question in Kafka's words is no Kafka, and will be none later.
      if (this.#state.kind !== "connecting") this.#lose(error.message, error);
      else this.#endLost(explainForeignAnswer(this.#chunk.subarray(0, bytes), this.endpoint, this.#security));
    }
    return true;
  }

  #receive(buffer: Buffer, start: number, end: number): void {
    const r = new Reader(buffer, start, end);
    const correlationId = r.int32();
    const request = this.#pending[0];
    if (request === undefined || request.correlationId !== correlationId) {
      const expected = request === undefined ? "none" : String(request.correlationId);
      throw createError("KAFKA_MALFORMED", { what: `correlation id ${correlationId}, not ${expected}`, position: 0 });
    }
    this.#pending.shift();
    try {
      if (request.isFlexible) beginFlexibleBody(r);
      request.handler.onAnswer(r, request.version);
    } catch (error) {
      request.handler.onFailure(asAppError(error));
      throw error;
    }
  }

  /** From when on the peer is silent, unless something comes before. Answers come in order, so the oldest one is due. */
  #silentFromMs(): number {
    const oldest = this.#pending[0];
    if (oldest === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(oldest.sentAtMs, this.#heardAtMs) + oldest.waitMs + SILENT_AFTER_MS;
  }

  /** For the next of both: a deadline, and that the peer is silent. */
  #armTimer(deadlineAtMs: number): void {
    const silentFromMs = this.#events.onSilent === undefined ? deadlineAtMs : this.#silentFromMs();
    this.#armTimerAt(Math.min(deadlineAtMs, silentFromMs));
  }

  #armTimerAt(atMs: number): void {
    if (atMs >= this.#timerAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    this.#timer = setTimeout(() => this.#checkTimes(), Math.max(1, Math.ceil(atMs - performance.now())));
  }

  /** The timer is not moved when a request ends in time: it fires, finds nothing late, and is set to the next one. */
  #checkTimes(): void {
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    const nowMs = performance.now();
    const late = this.#pending.find(({ sentAtMs, deadlineMs }) => sentAtMs + deadlineMs <= nowMs);
    if (late !== undefined) {
      this.#lose(`no answer to ${late.what} within ${late.deadlineMs} ms`);
      return;
    }
    if (this.#pending.length === 0) return;
    const isSilent = nowMs >= this.#silentFromMs();
    if (isSilent) this.#events.onSilent?.();
    // Who is told may have ended it.
    if (this.#state.kind === "closed") return;
    const deadlineAtMs = this.#pending.reduce(
      (soonest, { sentAtMs, deadlineMs }) => Math.min(soonest, sentAtMs + deadlineMs),
      Infinity,
    );
    if (isSilent) this.#armTimerAt(Math.min(deadlineAtMs, nowMs + SILENT_AGAIN_MS));
    else this.#armTimer(deadlineAtMs);
  }

  /** What the settings or certificates of one side are to blame for does not pass by itself. */
  #fail(error: NodeJS.ErrnoException): void {
    const explained = explainTlsFailure(error, this.endpoint, this.#security);
    if (explained === undefined) this.#lose(error.message || `${error.code}`, error);
    else this.#endLost(explained);
  }

  #lose(reason: string, cause?: unknown): void {
    this.#endLost(createError("KAFKA_CONNECTION_LOST", { endpoint: this.endpoint, reason }, cause));
  }

  #endLost(error: AppError): void {
    const wasOpen = this.#state.kind === "open";
    if (this.#end(error) && wasOpen) this.#events.onLost?.(error);
  }

  /** False if it was closed before. */
  #end(error: AppError): boolean {
    if (this.#state.kind === "closed") return false;
    this.#state = { kind: "closed", error };
    this.#assembler.stop();
    clearTimeout(this.#timer);
    this.#socket.destroy();
    for (const request of this.#pending.splice(0)) request.handler.onFailure(error);
    return true;
  }
}

function asAppError(error: unknown): AppError {
  return isAppError(error) ? error : createError("ASSERTION_FAILED", { what: "the handler of an answer threw" }, error);
}
