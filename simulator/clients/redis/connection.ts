/**
 * One connection to a Redis, from the dial to its end, over a transport of the caller's choice.
 *
 *   dialling (TCP, TLS) → introducing (AUTH, SELECT, INFO) → open → lost
 *
 * R1 A connection is bound to the run_id that its own INFO showed; it is handed out only after that.
 * R2 A lost connection never comes back: its transport reconnects and resends nothing, and what was in flight fails.
 *    So no command can reach another server process than the one the caller looked at.
 * R3 A server that stays silent for `replyMs` with a call in flight counts as lost.
 */
import { createBackoff } from "../../common/foundation/backoff.ts";
import { sleep } from "../../common/foundation/deadline.ts";
import { createError, isAppError } from "../../common/foundation/errors.ts";
import type { Log } from "../../common/foundation/log.ts";
import type { RedisEndpoint } from "./endpoint.ts";
import { meaningOf, quoteReply, refusalError } from "./server-replies.ts";
import type { OpenTransport, RedisTransport } from "./transport.ts";

export interface DialOptions {
  readonly open: OpenTransport;
  /** For one dial, from connect to INFO. */
  readonly connectMs: number;
  readonly replyMs: number;
  readonly signal?: AbortSignal | undefined;
}

interface RepeatedDialOptions extends DialOptions {
  /** Dialling goes on, with backoff 50 ms → 1 s, for at most this long. */
  readonly deadlineMs: number;
  /** Told once, when the first dial failed. */
  readonly log?: Log | undefined;
}

/** What the server says of itself; null where it did not say. */
export interface RedisFacts {
  readonly version: string;
  readonly embedded: boolean;
  readonly mode: string;
  readonly aof: string | null;
  readonly fsync: string | null;
}

/** Dials until a server answers PING. Throws REDIS_UNREACHABLE, or at once what no retry helps. */
export async function dialRedis(endpoint: RedisEndpoint, options: RepeatedDialOptions): Promise<RedisConnection> {
  const startedMs = performance.now();
  const backoff = createBackoff({ initialMs: 50, capMs: 1_000 });
  for (let attempts = 1; ; attempts += 1) {
    options.signal?.throwIfAborted();
    let last: unknown;
    const leftMs = options.deadlineMs - (performance.now() - startedMs);
    try {
      return await introduce(endpoint, { ...options, connectMs: Math.max(1, Math.min(options.connectMs, leftMs)) });
    } catch (error) {
      if (isAppError(error) && !error.retryable) throw error;
      last = error;
    }
    if (attempts === 1) options.log?.warn(`Redis at ${endpoint.text} does not answer yet`, last);
    const waitMs = backoff.nextMs();
    const waitedMs = Math.round(performance.now() - startedMs);
    if (waitedMs + waitMs >= options.deadlineMs) {
      throw createError("REDIS_UNREACHABLE", { endpoint: endpoint.text, attempts, waitedMs }, last);
    }
    await sleep(waitMs, options.signal);
  }
}

/** One dial: connect, AUTH, SELECT, INFO, PING. */
export async function introduce(endpoint: RedisEndpoint, options: DialOptions): Promise<RedisConnection> {
  const { connectMs, replyMs, signal } = options;
  const late = `no complete answer to AUTH, INFO and PING within ${Math.round(connectMs)} ms`;
  const overdue = new AbortController();
  const timer = setTimeout(() => overdue.abort(new Error(late)), connectMs);
  const given = signal === undefined ? overdue.signal : AbortSignal.any([signal, overdue.signal]);
  let transport: RedisTransport | undefined;
  const abort = () => transport?.close();
  given.addEventListener("abort", abort, { once: true });
  try {
    transport = await options.open(endpoint, { connectMs, replyMs, signal: given });
    return new RedisConnection(transport, endpoint, await greet(transport, endpoint));
  } catch (error) {
    transport?.close();
    signal?.throwIfAborted();
    if (endpoint.tls) refuseCertificate(endpoint, error);
    throw overdue.signal.aborted ? overdue.signal.reason : error;
  } finally {
    clearTimeout(timer);
    given.removeEventListener("abort", abort);
  }
}

/** What Node calls a chain, a time or a name that does not hold. */
const CERTIFICATE_CODES =
  /^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH|CERT_.+|.+_CERT(_.+)?|UNABLE_TO_.+|INVALID_(CA|PURPOSE))$/;

/** No later dial helps: the server shows the same certificate again. Any other error is not judged here. */
function refuseCertificate(endpoint: RedisEndpoint, error: unknown): void {
  const { code, message } = error as NodeJS.ErrnoException;
  if (typeof code !== "string" || !CERTIFICATE_CODES.test(code)) return;
  throw createError("REDIS_CERTIFICATE_REFUSED", { endpoint: endpoint.text, reason: message }, error);
}

/** Sends the introduction in one go, then judges the replies in order. */
async function greet(transport: RedisTransport, endpoint: RedisEndpoint): Promise<ServerIdentity> {
  const commands: string[][] = [];
  if (endpoint.password !== "") {
    commands.push(["AUTH", ...(endpoint.username === "" ? [] : [endpoint.username]), endpoint.password]);
  }
  if (endpoint.db !== 0) commands.push(["SELECT", String(endpoint.db)]);
  commands.push(["INFO", "server"], ["PING"]);
  const replies = await Promise.allSettled(commands.map(([name, ...args]) => transport.call(name as string, args)));
  let info = "";
  for (const [i, reply] of replies.entries()) {
    const name = commands[i]?.[0] as string;
    if (reply.status === "rejected") checkIntroduction(endpoint, name, reply.reason);
    else if (name === "INFO") info = String(reply.value);
  }
  const fields = parseInfo(info);
  const runId = fields["run_id"];
  if (runId === undefined || runId === "") {
    throw createError("REDIS_COMMAND_REFUSED", { endpoint: endpoint.text, command: "INFO", reply: "no run_id in it" });
  }
  return { runId, fields };
}

/** Returns when the error reply does no harm; throws the reply itself when a later dial may succeed. */
function checkIntroduction(endpoint: RedisEndpoint, name: string, error: unknown): void {
  const meaning = meaningOf(error);
  if (!(error instanceof Error) || meaning === undefined || meaning === "later" || meaning === "elsewhere") throw error;
  // A password given to a server that wants none: it lets us in, so the job can run.
  if (name === "AUTH" && error.message.includes("without any password configured")) return;
  throw refusalError(endpoint, name, error);
}

interface ServerIdentity {
  readonly runId: string;
  /** Fields of INFO server. */
  readonly fields: Readonly<Record<string, string>>;
}

export class RedisConnection {
  readonly endpoint: RedisEndpoint;
  /** Of the server process at the other end (R1). */
  readonly runId: string;
  /** Single commands go out on it. They reject with the server's reply, or with another error when it is lost (R2). */
  readonly transport: RedisTransport;
  readonly #serverFields: Readonly<Record<string, string>>;

  constructor(transport: RedisTransport, endpoint: RedisEndpoint, server: ServerIdentity) {
    this.transport = transport;
    this.endpoint = endpoint;
    this.runId = server.runId;
    this.#serverFields = server.fields;
  }

  /** One HGETALL; empty when the key does not exist. Rejects like `transport.call`. */
  async requestHash(key: string): Promise<Record<string, string>> {
    return toRecord(await this.transport.call("HGETALL", [key]));
  }

  /** One HGETALL; empty when the key does not exist. Rejects with an error of the catalogue, as all below. */
  readHash(key: string): Promise<Record<string, string>> {
    return this.#guard("HGETALL", this.requestHash(key));
  }

  readText(key: string): Promise<string | null> {
    return this.#guard("GET", this.transport.call("GET", [key])) as Promise<string | null>;
  }

  /** DEL; returns how many of the keys existed. */
  async remove(keys: readonly string[]): Promise<number> {
    return keys.length === 0 ? 0 : Number(await this.#guard("DEL", this.transport.call("DEL", keys)));
  }

  async readFacts(): Promise<RedisFacts> {
    const persistence = parseInfo(String(await this.#guard("INFO", this.transport.call("INFO", ["persistence"]))));
    const embedded = this.#serverFields["flink_apphost_embedded"] === "1";
    const aofEnabled = persistence["aof_enabled"];
    return {
      version: this.#serverFields["redis_version"] ?? "unknown",
      embedded,
      mode: this.#serverFields["redis_mode"] ?? "unknown",
      aof: aofEnabled === undefined ? null : aofEnabled === "1" ? "on" : "off",
      fsync: aofEnabled === "1" ? await this.#readSetting("appendfsync") : null,
    };
  }

  close(): void {
    this.transport.close();
  }

  /** Managed servers often refuse CONFIG: then the setting is not known, which is no failure. */
  async #readSetting(name: string): Promise<string | null> {
    try {
      const answer = await this.transport.call("CONFIG", ["GET", name]);
      return Array.isArray(answer) && typeof answer[1] === "string" ? answer[1] : null;
    } catch (error) {
      if (meaningOf(error) === undefined) throw error;
      return null;
    }
  }

  async #guard<T>(command: string, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      const meaning = meaningOf(error);
      if (!(error instanceof Error)) throw error;
      if (meaning === undefined) {
        throw createError("REDIS_UNREACHABLE", { endpoint: this.endpoint.text, attempts: 1, waitedMs: 0 }, error);
      }
      if (meaning !== "later" && meaning !== "elsewhere") throw refusalError(this.endpoint, command, error);
      throw createError("REDIS_BUSY", {
        endpoint: this.endpoint.text,
        reply: quoteReply(this.endpoint, error),
        waitedMs: 0,
      });
    }
  }
}

/** Names and values in turn; ioredis makes a record of them itself. */
function toRecord(reply: unknown): Record<string, string> {
  if (!Array.isArray(reply)) return reply as Record<string, string>;
  const record: Record<string, string> = {};
  for (let i = 0; i + 1 < reply.length; i += 2) record[String(reply[i])] = String(reply[i + 1]);
  return record;
}

/** `name:value` lines; comments and blank lines do not count. */
export function parseInfo(text: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const line of text.split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon > 0 && !line.startsWith("#")) fields[line.slice(0, colon)] = line.slice(colon + 1);
  }
  return fields;
}
