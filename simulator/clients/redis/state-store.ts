/**
 * The job's state in Redis, as the job's processes use it: the six scripts and one HGETALL, many calls in flight on one
 * connection, each carried through lost connections and lost replies.
 *
 *   connecting → connected → connecting (lost) … → closed
 *
 * T1 A script is sent only on a connection whose server has the expected run_id: that of `expect`, or for INIT and
 *    RECOVER that of their own arguments. On another server nothing is sent and the answer is storeLost.
 * T2 A call whose reply is lost is sent again with the same arguments; the scripts recognise their own effect.
 * T3 A call in trouble (lost, or refused for now) ends within `giveUpMs`, and so does a dial: with an answer, or with an
 *    error of the catalogue.
 * T4 At most one dial at a time, shared by all calls that wait for it.
 */
import { setTimeout as delay } from "node:timers/promises";
import {
  decodeAcquireAnswer,
  decodeApplyAnswer,
  decodeFenceAllAnswer,
  decodeInitAnswer,
  decodePublishAnswer,
  decodeRecoverAnswer,
  encodeAcquire,
  encodeApply,
  encodeFenceAll,
  encodeInit,
  encodePublish,
  encodeRecover,
} from "../../common/contract/state/redis-script-codec.ts";
import { SCRIPT_SHA, SCRIPT_TEXT } from "../../common/contract/state/redis-script-text.ts";
import type {
  AcquireAnswer,
  AcquireArguments,
  ApplyAnswer,
  ApplyArguments,
  FenceAllAnswer,
  InitAnswer,
  InitArguments,
  PublishAnswer,
  RecoverAnswer,
  RecoverArguments,
  ScriptName,
} from "../../common/contract/state/redis-scripts.ts";
import type { StoreLife } from "../../common/contract/state/redis-state.ts";
import { type Backoff, createBackoff } from "../../common/foundation/backoff.ts";
import { createError } from "../../common/foundation/errors.ts";
import type { Log } from "../../common/foundation/log.ts";
import { dialRedis, type RedisConnection } from "./connection.ts";
import { parseRedisUrl, type RedisEndpoint } from "./endpoint.ts";
import { openRespTransport } from "./resp-transport.ts";
import { meaningOf, quoteReply, refusalError } from "./server-replies.ts";
import type { RedisTransport } from "./transport.ts";

export interface StateStoreOptions {
  /** A Redis URL. */
  readonly endpoint: string;
  readonly stateKey: string;
  readonly publishedKey: string;
  readonly counterKey: string;
  readonly sequenceKey: string;
  readonly log: Log;
  readonly signal?: AbortSignal;
  /** T3. Default 60,000. */
  readonly giveUpMs?: number;
  /** A server silent for this long with a call in flight counts as lost. Default 5,000. */
  readonly replyMs?: number;
}

/** Trouble of one call: since when, and how long to wait before the next try. */
interface Trouble {
  readonly sinceMs: number;
  readonly backoff: Backoff;
  tries: number;
}

/** Nothing was sent: the server behind the connection is another one (T1). */
interface ForeignServer {
  readonly foreignRunId: string;
  readonly expected: string;
}

export class StateStore {
  readonly #endpoint: RedisEndpoint;
  readonly #options: StateStoreOptions;
  readonly #giveUpMs: number;
  readonly #replyMs: number;
  readonly #stateKeys: readonly string[];
  readonly #publishKeys: readonly string[];
  readonly #closing = new AbortController();
  #connection: RedisConnection | null = null;
  #dialing: Promise<RedisConnection> | null = null;
  #expected: StoreLife | null = null;

  /** Connects; throws REDIS_UNREACHABLE after `giveUpMs`, or REDIS_AUTHENTICATION_FAILED at once. */
  static async open(options: StateStoreOptions): Promise<StateStore> {
    options.signal?.throwIfAborted();
    const store = new StateStore(options);
    await store.#connect();
    return store;
  }

  private constructor(options: StateStoreOptions) {
    this.#options = options;
    this.#endpoint = parseRedisUrl(options.endpoint);
    this.#giveUpMs = options.giveUpMs ?? 60_000;
    this.#replyMs = options.replyMs ?? 5_000;
    const { stateKey, publishedKey, counterKey, sequenceKey } = options;
    this.#stateKeys = ["1", stateKey];
    this.#publishKeys = ["4", stateKey, publishedKey, counterKey, sequenceKey];
    options.signal?.addEventListener("abort", () => this.#close(options.signal?.reason), {
      once: true,
      signal: this.#closing.signal,
    });
  }

  /** run_id of the server now connected. */
  async runId(): Promise<string> {
    return (await this.#connect()).runId;
  }

  /** From now on scripts go only to the server in which this life began; null: to any. */
  expect(life: StoreLife | null): void {
    this.#expected = life;
    // A connection from before a restart may look open for a moment longer. Who named this life has seen the newer
    // server, so only a dial from now on can tell that ours is another one; what is in flight is carried over (T2).
    if (life !== null && this.#connection !== null && this.#connection.runId !== life.redisRunId) {
      this.#drop(this.#connection);
    }
  }

  /** Throws REDIS_SERVER_CHANGED when the server is not the one whose run_id the arguments carry. */
  async init(a: InitArguments): Promise<InitAnswer> {
    const answer = await this.#run("INIT", encodeInit(a), a.redisRunId);
    if (isForeign(answer)) throw this.#serverChanged(answer);
    return decodeInitAnswer(answer);
  }

  async acquire(a: AcquireArguments): Promise<AcquireAnswer> {
    const answer = await this.#run("ACQUIRE", encodeAcquire(a));
    return isForeign(answer) ? { kind: "storeLost", life: "" } : decodeAcquireAnswer(answer);
  }

  async apply(a: ApplyArguments): Promise<ApplyAnswer> {
    const answer = await this.#run("APPLY", encodeApply(a));
    return isForeign(answer) ? { kind: "storeLost", life: "" } : decodeApplyAnswer(answer);
  }

  async publish(a: { readonly epoch: number }): Promise<PublishAnswer> {
    const answer = await this.#run("PUBLISH", encodePublish(a));
    return isForeign(answer) ? { kind: "storeLost" } : decodePublishAnswer(answer);
  }

  async fenceAll(a: { readonly epoch: number; readonly g: number }): Promise<FenceAllAnswer> {
    const answer = await this.#run("FENCE_ALL", encodeFenceAll(a));
    return isForeign(answer) ? { kind: "storeLost" } : decodeFenceAllAnswer(answer);
  }

  /** Throws REDIS_SERVER_CHANGED when the server is not the one whose run_id the fields carry. */
  async recover(a: RecoverArguments): Promise<RecoverAnswer> {
    const answer = await this.#run("RECOVER", encodeRecover(a), a.fields["redisRunId"] ?? "");
    if (isForeign(answer)) throw this.#serverChanged(answer);
    return decodeRecoverAnswer(answer);
  }

  /** One HGETALL, of whatever server is connected: a consistent cut over all partitions. Empty: there is no hash. */
  async readHash(): Promise<Record<string, string>> {
    return this.#persist("HGETALL", (connection) => connection.requestHash(this.#options.stateKey));
  }

  /** Calls still waiting are rejected with REDIS_CLIENT_CLOSED. */
  close(): void {
    this.#close(createError("REDIS_CLIENT_CLOSED", { endpoint: this.#endpoint.text }));
  }

  #close(reason: unknown): void {
    this.#closing.abort(reason);
    this.#connection?.close();
    this.#connection = null;
  }

  #run(script: ScriptName, argv: string[], pinned?: string): Promise<unknown> {
    const keys = script === "PUBLISH" ? this.#publishKeys : this.#stateKeys;
    return this.#persist<unknown>(script, (connection) => {
      // Read anew for each try: the JobManager may have named a new life since.
      const expected = pinned ?? this.#expected?.redisRunId;
      if (expected !== undefined && connection.runId !== expected) {
        return Promise.resolve({ foreignRunId: connection.runId, expected } satisfies ForeignServer);
      }
      return evaluate(connection.transport, script, [...keys, ...argv]);
    });
  }

  /** Tries until there is an answer, or until T3 ends it. */
  async #persist<T>(what: string, send: (connection: RedisConnection) => Promise<T>): Promise<T> {
    let trouble: Trouble | undefined;
    for (;;) {
      const connection = this.#connection ?? (await this.#connect());
      try {
        return await send(connection);
      } catch (error) {
        this.#closing.signal.throwIfAborted();
        trouble ??= {
          sinceMs: performance.now(),
          backoff: createBackoff({ initialMs: 50, capMs: 1_000 }),
          tries: 0,
        };
        await this.#endure(what, error, connection, trouble);
      }
    }
  }

  /** Waits before the next try, or throws when no further try helps. */
  async #endure(what: string, error: unknown, connection: RedisConnection, trouble: Trouble): Promise<void> {
    const meaning = meaningOf(error);
    if (meaning === undefined) {
      // Not the server's word but the connection's end: nothing more may go out on it.
      this.#drop(connection);
    } else if (meaning === "elsewhere") {
      this.#drop(connection);
    } else if (meaning !== "later") {
      throw refusalError(this.#endpoint, what, error as Error);
    }
    trouble.tries += 1;
    const waitMs = trouble.backoff.nextMs();
    const waitedMs = Math.round(performance.now() - trouble.sinceMs);
    if (waitedMs + waitMs >= this.#giveUpMs) {
      const endpoint = this.#endpoint.text;
      if (meaning === undefined) {
        throw createError("REDIS_UNREACHABLE", { endpoint, attempts: trouble.tries, waitedMs }, error);
      }
      throw createError("REDIS_BUSY", { endpoint, reply: quoteReply(this.#endpoint, error as Error), waitedMs });
    }
    await delay(waitMs, undefined, { signal: this.#closing.signal }).catch(() => this.#closing.signal.throwIfAborted());
  }

  #drop(connection: RedisConnection): void {
    connection.close();
    if (this.#connection === connection) this.#connection = null;
  }

  /** The open connection, or the one dial that all wait for (T4). */
  async #connect(): Promise<RedisConnection> {
    this.#closing.signal.throwIfAborted();
    if (this.#connection !== null) return this.#connection;
    this.#dialing ??= this.#dial().finally(() => {
      this.#dialing = null;
    });
    return this.#dialing;
  }

  async #dial(): Promise<RedisConnection> {
    const connection = await dialRedis(this.#endpoint, {
      open: openRespTransport,
      deadlineMs: this.#giveUpMs,
      connectMs: Math.min(5_000, this.#giveUpMs),
      replyMs: this.#replyMs,
      signal: this.#closing.signal,
    });
    this.#connection = connection;
    this.#options.log.info(`connected to Redis at ${this.#endpoint.text}, run_id ${connection.runId}`);
    connection.transport.onceLost(() => {
      if (this.#connection === connection) this.#connection = null;
      if (!this.#closing.signal.aborted)
        this.#options.log.warn(`lost the connection to Redis at ${this.#endpoint.text}`);
    });
    return connection;
  }

  #serverChanged(foreign: ForeignServer): Error {
    const { expected, foreignRunId: found } = foreign;
    return createError("REDIS_SERVER_CHANGED", { endpoint: this.#endpoint.text, expected, found });
  }
}

/** EVALSHA, and EVAL with the same arguments when the server does not know the text yet. */
async function evaluate(transport: RedisTransport, script: ScriptName, args: string[]): Promise<unknown> {
  try {
    return await transport.call("EVALSHA", [SCRIPT_SHA[script], ...args]);
  } catch (error) {
    if (meaningOf(error) !== "noScript") throw error;
    return transport.call("EVAL", [SCRIPT_TEXT[script], ...args]);
  }
}

function isForeign(answer: unknown): answer is ForeignServer {
  return typeof answer === "object" && answer !== null && "foreignRunId" in answer;
}
