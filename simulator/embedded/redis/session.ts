/**
 * One client's conversation: who it is, and which transaction it is in. Pure but for the clock: requests in, replies out.
 *
 *   unauthenticated → idle ⇄ queueing (MULTI … EXEC | DISCARD) → ended (QUIT)
 *
 * C1 Before AUTH only AUTH, HELLO, QUIT and RESET are carried out; all else is answered NOAUTH.
 * C2 EXEC runs all queued commands in one turn, or none: a watched key changed (null array), or one of them could not
 *    even be queued (EXECABORT).
 * C3 A transaction holds at most QUEUE_MAX commands of QUEUE_BYTES_MAX; commands about the connection itself are refused
 *    in it.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Command, CommandContext, CommandTable } from "./commands/command.ts";
import { hashCommands } from "./commands/hashes.ts";
import { keyCommands } from "./commands/keys.ts";
import { scriptCommands } from "./commands/scripts.ts";
import { serverCommands } from "./commands/server.ts";
import { stringCommands } from "./commands/strings.ts";
import type { Watcher } from "./keyspace.ts";
import { CommandError, NULL_ARRAY, notAnInteger, OK, type Reply, syntaxError, wrongArity } from "./reply.ts";

const QUEUE_MAX = 10_000;
const QUEUE_BYTES_MAX = 67_108_864;
const WATCH_MAX = 10_000;
const WRONG_PASSWORD = "WRONGPASS invalid username-password pair or user is disabled.";
const NO_PASSWORD_SET =
  "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?";
/** Of the session's own commands those that a transaction may meet; MULTI and WATCH answer with an error of their own. */
const IN_TRANSACTION = new Set(["EXEC", "DISCARD", "MULTI", "WATCH", "QUIT", "RESET"]);
const BEFORE_AUTH = new Set(["AUTH", "HELLO", "QUIT", "RESET"]);

const COMMANDS: ReadonlyMap<string, Command> = new Map(
  [stringCommands, keyCommands, hashCommands, scriptCommands, serverCommands].flatMap((table: CommandTable) =>
    Object.entries(table),
  ),
);

export interface SessionOptions {
  readonly id: number;
  readonly address: string;
  /** Empty: everybody may. */
  readonly password: string;
  readonly context: CommandContext;
  /** SHUTDOWN was asked for. */
  readonly onShutdown: () => void;
}

interface QueuedCommand {
  readonly command: Command;
  readonly args: readonly string[];
}

interface Queueing {
  readonly kind: "queueing";
  readonly queue: QueuedCommand[];
  bytes: number;
  broken: boolean;
}
type Transaction = { readonly kind: "none" } | Queueing;

/** What only a session can do. Each returns its reply; `args` are without the name. */
type SessionCommand = { readonly arity: number; readonly run: (args: readonly string[]) => Reply };

export class Session implements Watcher {
  readonly #options: SessionOptions;
  readonly #own: ReadonlyMap<string, SessionCommand>;
  #authenticated: boolean;
  #name = "";
  #transaction: Transaction = { kind: "none" };
  #watched = new Set<string>();
  #watchedChanged = false;
  #ended = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#authenticated = options.password === "";
    this.#own = this.#ownCommands();
  }

  get authenticated(): boolean {
    return this.#authenticated;
  }

  /** True after QUIT: close once the reply is written. */
  get ended(): boolean {
    return this.#ended;
  }

  /** A watched key changed. */
  onChange(): void {
    this.#watchedChanged = true;
  }

  /** Undoes what the session left in the keyspace: its watches. */
  close(): void {
    this.#unwatch();
  }

  answer(request: readonly string[]): Reply {
    const [name = "", ...args] = request;
    try {
      return this.#dispatch(name, args);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      return { error: error.message };
    }
  }

  #dispatch(given: string, args: readonly string[]): Reply {
    const name = given.toUpperCase();
    if (!this.#authenticated && !BEFORE_AUTH.has(name)) throw new CommandError("NOAUTH Authentication required.");
    const own = this.#own.get(name);
    const command = COMMANDS.get(name);
    const transaction = this.#transaction;
    try {
      const found = own ?? command;
      if (found === undefined) throw unknownCommand(given, args);
      const count = args.length + 1;
      if (found.arity < 0 ? count < -found.arity : count !== found.arity) throw wrongArity(name);
      if (transaction.kind === "queueing") {
        if (own === undefined && command !== undefined) return enqueue(transaction, { command, args });
        if (!IN_TRANSACTION.has(name)) throw new CommandError(`ERR ${name} is not supported inside MULTI here`);
      }
    } catch (error) {
      if (transaction.kind === "queueing") transaction.broken = true;
      throw error;
    }
    if (own !== undefined) return own.run(args);
    return this.#run(command as Command, args);
  }

  #run(command: Command, args: readonly string[]): Reply {
    const { context } = this.#options;
    if (command.grows && context.keyspace.usedBytes > context.facts.memoryBytesMax) {
      // What has expired makes room when it is looked at.
      context.keyspace.listKeys();
      if (context.keyspace.usedBytes > context.facts.memoryBytesMax) {
        throw new CommandError("OOM command not allowed when used memory > 'maxmemory'.");
      }
    }
    return command.run(context, args);
  }

  #ownCommands(): ReadonlyMap<string, SessionCommand> {
    const table: Record<string, SessionCommand> = {
      AUTH: { arity: -2, run: (args) => this.#authenticate(args) },
      HELLO: { arity: -1, run: (args) => this.#hello(args) },
      SELECT: { arity: 2, run: ([index]) => selectDatabase(index as string) },
      CLIENT: { arity: -2, run: (args) => this.#client(args) },
      QUIT: { arity: -1, run: () => this.#quit() },
      RESET: { arity: 1, run: () => this.#reset() },
      SHUTDOWN: { arity: -1, run: (args) => this.#shutdown(args) },
      MULTI: { arity: 1, run: () => this.#multi() },
      EXEC: { arity: 1, run: () => this.#exec() },
      DISCARD: { arity: 1, run: () => this.#discard() },
      WATCH: { arity: -2, run: (keys) => this.#watch(keys) },
      UNWATCH: { arity: 1, run: () => this.#unwatch() },
    };
    return new Map(Object.entries(table));
  }

  #authenticate(args: readonly string[]): Reply {
    if (args.length > 2) throw syntaxError();
    const [user, password] = args.length === 1 ? ["default", args[0] as string] : (args as [string, string]);
    if (this.#options.password === "") {
      if (args.length === 1) throw new CommandError(NO_PASSWORD_SET);
      if (user === "default") return OK;
      throw new CommandError(WRONG_PASSWORD);
    }
    if (user !== "default" || !equalSecrets(password as string, this.#options.password)) {
      throw new CommandError(WRONG_PASSWORD);
    }
    this.#authenticated = true;
    return OK;
  }

  /** HELLO [protover [AUTH user password] [SETNAME name]]. Only RESP2 is spoken here. */
  #hello(args: readonly string[]): Reply {
    const [version, ...options] = args;
    if (version !== undefined && version !== "2") {
      if (/^\d+$/.test(version)) throw new CommandError("NOPROTO unsupported protocol version");
      throw new CommandError("ERR Protocol version is not an integer or out of range");
    }
    for (let i = 0; i < options.length; ) {
      const option = (options[i] as string).toUpperCase();
      if (option === "AUTH" && i + 2 < options.length) {
        this.#authenticate(options.slice(i + 1, i + 3));
        i += 3;
      } else if (option === "SETNAME" && i + 1 < options.length) {
        this.#name = options[i + 1] as string;
        i += 2;
      } else throw syntaxError();
    }
    if (!this.#authenticated)
      throw new CommandError("NOAUTH HELLO must be called with the client already authenticated");
    const { id } = this.#options;
    return [
      "server",
      "redis",
      "version",
      "7.0.15",
      "proto",
      2,
      "id",
      id,
      "mode",
      "standalone",
      "role",
      "master",
      "modules",
      [],
    ];
  }

  #client([subcommand, ...args]: readonly string[]): Reply {
    switch (subcommand?.toUpperCase()) {
      case "SETNAME":
        this.#name = args[0] ?? "";
        return OK;
      case "GETNAME":
        return this.#name === "" ? null : this.#name;
      case "SETINFO":
      case "NO-EVICT":
      case "NO-TOUCH":
        return OK;
      case "ID":
        return this.#options.id;
      case "LIST":
      case "INFO":
        return `id=${this.#options.id} addr=${this.#options.address} name=${this.#name} db=0\n`;
      default:
        throw new CommandError(`ERR unknown subcommand '${subcommand?.slice(0, 128)}'. Try CLIENT SETNAME or LIST.`);
    }
  }

  #quit(): Reply {
    this.#ended = true;
    return OK;
  }

  #reset(): Reply {
    this.#transaction = { kind: "none" };
    this.#unwatch();
    this.#name = "";
    this.#authenticated = this.#options.password === "";
    return { simple: "RESET" };
  }

  #shutdown([mode]: readonly string[]): Reply {
    if (mode !== undefined && mode.toUpperCase() !== "NOSAVE") {
      throw new CommandError("ERR the embedded Redis of flink-apphost keeps nothing on disk: only SHUTDOWN NOSAVE");
    }
    this.#ended = true;
    this.#options.onShutdown();
    return OK;
  }

  #multi(): Reply {
    if (this.#transaction.kind === "queueing") throw new CommandError("ERR MULTI calls can not be nested");
    this.#transaction = { kind: "queueing", queue: [], bytes: 0, broken: false };
    return OK;
  }

  #exec(): Reply {
    const transaction = this.#transaction;
    if (transaction.kind === "none") throw new CommandError("ERR EXEC without MULTI");
    const changed = this.#watchedChanged;
    this.#transaction = { kind: "none" };
    this.#unwatch();
    if (transaction.broken) throw new CommandError("EXECABORT Transaction discarded because of previous errors.");
    if (changed) return NULL_ARRAY;
    // An error of one command is its reply; the others are carried out all the same.
    return transaction.queue.map(({ command, args }) => {
      try {
        return this.#run(command, args);
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        return { error: error.message };
      }
    });
  }

  #discard(): Reply {
    if (this.#transaction.kind === "none") throw new CommandError("ERR DISCARD without MULTI");
    this.#transaction = { kind: "none" };
    this.#unwatch();
    return OK;
  }

  #watch(keys: readonly string[]): Reply {
    if (this.#transaction.kind === "queueing") throw new CommandError("ERR WATCH inside MULTI is not allowed");
    if (this.#watched.size + keys.length > WATCH_MAX) throw new CommandError(`ERR more than ${WATCH_MAX} watched keys`);
    for (const key of keys) {
      this.#watched.add(key);
      this.#options.context.keyspace.watch(key, this);
    }
    return OK;
  }

  #unwatch(): Reply {
    for (const key of this.#watched) this.#options.context.keyspace.unwatch(key, this);
    this.#watched.clear();
    this.#watchedChanged = false;
    return OK;
  }
}

function enqueue(transaction: Queueing, entry: QueuedCommand): Reply {
  transaction.bytes += entry.args.reduce((sum, arg) => sum + arg.length, 0);
  if (transaction.queue.length >= QUEUE_MAX || transaction.bytes > QUEUE_BYTES_MAX) {
    throw new CommandError(`ERR a transaction of more than ${QUEUE_MAX} commands or ${QUEUE_BYTES_MAX} bytes`);
  }
  transaction.queue.push(entry);
  return { simple: "QUEUED" };
}

function selectDatabase(index: string): Reply {
  if (!/^-?\d+$/.test(index)) throw notAnInteger();
  if (index !== "0") throw new CommandError("ERR DB index is out of range");
  return OK;
}

function unknownCommand(name: string, args: readonly string[]): CommandError {
  const beginning = args.slice(0, 3).map((arg) => `'${arg.slice(0, 32)}' `);
  return new CommandError(
    `ERR unknown command '${name.slice(0, 128)}', with args beginning with: ${beginning.join("")}`,
  );
}

/** Compares digests, so that the time tells nothing about the secret. */
function equalSecrets(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(Buffer.from(text, "latin1")).digest();
  return timingSafeEqual(digest(a), digest(b));
}
