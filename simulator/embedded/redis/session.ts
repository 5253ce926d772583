/**
 * One client's conversation: requests in, replies out. Pure but for the clock.
 *
 * S1 Before AUTH only the commands marked `beforeAuth` are carried out; all else is answered NOAUTH.
 * S2 EXEC runs all queued commands in one turn, or none: a watched key changed (null array), or one of them could not
 *    even be queued (EXECABORT).
 * S3 A RESP2 client that has subscribed to something can do little else: it could not tell replies from messages.
 */
import { Client, type ClientOptions } from "./client.ts";
import { CommandError, unknownSubcommand, wrongArity } from "./command-error.ts";
import type { Command, CommandContext, ServerState } from "./commands/command.ts";
import { NOT_IN_SCRIPTS, WRITING } from "./commands/command-flags.ts";
import { NOT_SERVED } from "./commands/not-served.ts";
import { COMMANDS } from "./commands/table.ts";
import { outOfMemory } from "./keyspace.ts";
import { formatMonitorLine } from "./monitor.ts";
import { isWait, type Reply, type Wait } from "./reply.ts";

/** Of the time, sweeps for what has expired may take so much. */
const SWEEP_INTERVAL_MS = 100;
const SWEEP_SHARE_MAX = 0.1;

export interface SessionOptions extends ClientOptions {
  readonly server: ServerState;
}

export class Session {
  readonly client: Client;
  readonly #server: ServerState;
  readonly #context: CommandContext;

  constructor(options: SessionOptions) {
    const client = new Client(options);
    this.client = client;
    this.#server = options.server;
    this.#context = {
      server: options.server,
      client,
      get keyspace() {
        return client.keyspace;
      },
      nowMs: options.server.nowMs,
      requireRoom: (bytes) => this.#requireRoom(bytes),
      callFromScript: (request, readOnly) => this.#callFromScript(request, readOnly),
    };
  }

  answer(request: readonly string[]): Reply | Wait {
    const [given = "", ...args] = request;
    try {
      return this.#dispatch(given, args);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      return { error: error.message };
    }
  }

  #dispatch(given: string, args: readonly string[]): Reply | Wait {
    const name = given.toUpperCase();
    const { client } = this;
    const command = COMMANDS.get(name);
    if (!client.authenticated && command?.beforeAuth !== true)
      throw new CommandError("NOAUTH Authentication required.");
    const { transaction } = client;
    try {
      if (command === undefined) throw unknownCommand(given, args);
      checkForm(name, command, args);
      if (transaction.kind === "queueing" && command.inTransaction === "refused") {
        throw new CommandError("ERR Command not allowed inside a transaction");
      }
    } catch (error) {
      if (transaction.kind === "queueing") transaction.broken = true;
      throw error;
    }
    if (client.protocol === 2 && client.subscriptionCount > 0 && command.whileSubscribed !== true) {
      throw new CommandError(
        `ERR Can't execute '${name.toLowerCase()}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
      );
    }
    if (transaction.kind === "queueing" && command.inTransaction === undefined) {
      this.#checkRoom(command, args);
      const bytes = sizeOf(args);
      client.enqueue(transaction, { bytes, run: () => command.run(this.#context, args) });
      return { simple: "QUEUED" };
    }
    this.#checkRoom(command, args);
    if (this.#server.monitors.size > 0) this.#tellMonitors(given, args);
    return command.run(this.#context, args);
  }

  #callFromScript(request: readonly string[], readOnly: boolean): Reply {
    const [given = "", ...args] = request;
    const name = given.toUpperCase();
    const command = COMMANDS.get(name);
    if (command === undefined) return { error: "ERR Unknown Redis command called from script" };
    if (!hasArity(command, args)) return { error: "ERR Wrong number of args calling Redis command from script" };
    if (NOT_IN_SCRIPTS.has(name)) return { error: "ERR This Redis command is not allowed from script" };
    if (readOnly && WRITING.has(name)) return { error: "ERR Write commands are not allowed from read-only scripts." };
    try {
      checkForm(name, command, args);
      this.#checkRoom(command, args);
      if (this.#server.monitors.size > 0) this.#tellMonitors(given, args, "lua");
      const reply = command.run(this.#context, args);
      // Nothing waits inside a script: it would hold up everybody.
      return isWait(reply) ? reply.wait.timedOut : reply;
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      return { error: error.message };
    }
  }

  /** What a command brings with it is about what it adds: the data outgrow their bound by no large command. */
  #checkRoom(command: Command, args: readonly string[]): void {
    if (command.grows === true) this.#requireRoom(sizeOf(args));
  }

  #requireRoom(bytes = 0): void {
    const { memory } = this.#server;
    if (memory.bytes + bytes <= memory.bytesMax) return;
    this.#sweep();
    if (memory.bytes + bytes <= memory.bytesMax) return;
    if (this.client.transaction.kind === "queueing") this.client.transaction.broken = true;
    throw outOfMemory();
  }

  /** What has expired makes room when it is looked at. That costs all keys, so not each refused command may ask for it. */
  #sweep(): void {
    const { databases, facts, nowMs } = this.#server;
    const startedAtMs = nowMs();
    if (startedAtMs < facts.sweepAfterMs) return;
    for (const keyspace of databases) keyspace.removeExpired();
    const endedAtMs = nowMs();
    facts.sweepAfterMs = endedAtMs + Math.max(SWEEP_INTERVAL_MS, (endedAtMs - startedAtMs) / SWEEP_SHARE_MAX);
  }

  #tellMonitors(given: string, args: readonly string[], source: "client" | "lua" = "client"): void {
    // Secrets are no news for a monitor.
    if (["AUTH", "HELLO"].includes(given.toUpperCase())) return;
    const from = { database: this.client.database, address: source === "lua" ? "lua" : this.client.address };
    const line = formatMonitorLine(this.#server.nowMs(), from, [given, ...args]);
    for (const monitor of this.#server.monitors) if (monitor !== this.client) monitor.push({ simple: line });
  }
}

function sizeOf(args: readonly string[]): number {
  let bytes = 0;
  for (const arg of args) bytes += arg.length;
  return bytes;
}

function checkForm(name: string, command: Command, args: readonly string[]): void {
  const [subcommand] = args;
  if (subcommand !== undefined && command.subcommands?.includes(subcommand.toUpperCase()) === false) {
    throw unknownSubcommand(name, subcommand);
  }
  if (hasArity(command, args)) return;
  const isSubcommand = subcommand !== undefined && command.subcommandArity?.[subcommand.toUpperCase()] !== undefined;
  throw wrongArity(isSubcommand ? `${name}|${subcommand}` : name);
}

function hasArity({ arity, subcommandArity }: Command, args: readonly string[]): boolean {
  const count = args.length + 1;
  const suits = (needed: number) => (needed < 0 ? count >= -needed : count === needed);
  return suits(arity) && suits(subcommandArity?.[args[0]?.toUpperCase() ?? ""] ?? arity);
}

function unknownCommand(name: string, args: readonly string[]): CommandError {
  if (NOT_SERVED.has(name.toUpperCase())) {
    return new CommandError(
      `ERR unknown command '${name}': the embedded Redis of flink-apphost does not serve it; use --infra native or docker`,
    );
  }
  const beginning = args.slice(0, 20).map((arg) => `'${arg.slice(0, 128)}' `);
  return new CommandError(
    `ERR unknown command '${name.slice(0, 128)}', with args beginning with: ${beginning.join("").slice(0, 128)}`,
  );
}
