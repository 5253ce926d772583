/** Commands about the connection itself: who is there, in which protocol, on which database. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Client } from "../client.ts";
import { CommandError, syntaxError, unknownSubcommand, wrongArity } from "../command-error.ts";
import { parseIndex, readInteger } from "../numbers/integer.ts";
import { OK, type Reply } from "../reply.ts";
import { REDIS_VERSION } from "../server-facts.ts";
import type { CommandContext, CommandTable } from "./command.ts";

const WRONG_PASSWORD = "WRONGPASS invalid username-password pair or user is disabled.";
const NO_PASSWORD_SET =
  "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?";

export const connectionCommands: CommandTable = {
  AUTH: {
    arity: -2,
    beforeAuth: true,
    run({ client }, args) {
      if (args.length > 2) throw syntaxError();
      if (args.length === 1 && client.password === "") throw new CommandError(NO_PASSWORD_SET);
      const [user, password] = args.length === 1 ? ["default", args[0] as string] : (args as [string, string]);
      authenticate(client, user, password);
      return OK;
    },
  },
  HELLO: { arity: -1, beforeAuth: true, inTransaction: "refused", run: hello },
  SELECT: {
    arity: 2,
    run({ client, server }, [text]: readonly [string]) {
      const index = readInteger(text);
      if (index === undefined) throw new CommandError("ERR value is not an integer or out of range");
      if (index < 0n || index >= BigInt(server.databases.length))
        throw new CommandError("ERR DB index is out of range");
      client.database = Number(index);
      return OK;
    },
  },
  PING: {
    arity: -1,
    whileSubscribed: true,
    run({ client }, args) {
      if (args.length > 1) throw wrongArity("ping");
      if (client.protocol === 2 && client.subscriptionCount > 0) return ["pong", args[0] ?? ""];
      return args[0] ?? { simple: "PONG" };
    },
  },
  ECHO: { arity: 2, run: (_context, [text]: readonly [string]) => text },
  QUIT: {
    arity: -1,
    beforeAuth: true,
    whileSubscribed: true,
    inTransaction: "at once",
    run({ client }) {
      client.ended = true;
      return OK;
    },
  },
  RESET: {
    arity: 1,
    beforeAuth: true,
    whileSubscribed: true,
    inTransaction: "at once",
    run({ client }) {
      client.reset();
      return { simple: "RESET" };
    },
  },
  CLIENT: {
    arity: -2,
    subcommands: ["SETNAME", "GETNAME", "SETINFO", "NO-EVICT", "ID", "INFO", "LIST"],
    run: runClient,
  },
};

function authenticate(client: Client, user: string, password: string): void {
  const right = client.password === "" || equalSecrets(password, client.password);
  if (user !== "default" || !right) throw new CommandError(WRONG_PASSWORD);
  client.authenticated = true;
}

/** HELLO [protover [AUTH user password] [SETNAME name]]. Nothing of it is carried out when a part of it is wrong. */
function hello({ client }: CommandContext, args: readonly string[]): Reply {
  const [versionText, ...options] = args;
  let version: 2 | 3 = client.protocol;
  if (versionText !== undefined) {
    const given = readInteger(versionText);
    if (given === undefined) throw new CommandError("ERR Protocol version is not an integer or out of range");
    if (given !== 2n && given !== 3n) throw new CommandError("NOPROTO unsupported protocol version");
    version = given === 3n ? 3 : 2;
  }
  let name: string | undefined;
  for (let i = 0; i < options.length; ) {
    const option = (options[i] as string).toUpperCase();
    if (option === "AUTH" && i + 2 < options.length) {
      authenticate(client, options[i + 1] as string, options[i + 2] as string);
      i += 3;
    } else if (option === "SETNAME" && i + 1 < options.length) {
      name = checkName(options[i + 1] as string);
      i += 2;
    } else throw new CommandError(`ERR Syntax error in HELLO option '${options[i]?.slice(0, 128)}'`);
  }
  if (!client.authenticated) {
    throw new CommandError(
      "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time",
    );
  }
  client.protocol = version;
  if (name !== undefined) client.name = name;
  const facts: readonly (readonly [string, Reply])[] = [
    ["server", "redis"],
    ["version", REDIS_VERSION],
    ["proto", version],
    ["id", client.id],
    ["mode", "standalone"],
    ["role", "master"],
    ["modules", []],
  ];
  return { pairs: facts.flat() };
}

function checkName(name: string): string {
  if (/[^!-~]/.test(name)) {
    throw new CommandError("ERR Client names cannot contain spaces, newlines or special characters.");
  }
  return name;
}

function runClient({ client, server, nowMs }: CommandContext, args: readonly string[]): Reply {
  const [subcommand, ...rest] = args as [string, ...string[]];
  const name = subcommand.toUpperCase();
  const expect = (count: number): void => {
    if (rest.length !== count) throw wrongArity(`client|${subcommand}`);
  };
  switch (name) {
    case "SETNAME":
      expect(1);
      client.name = checkName(rest[0] as string);
      return OK;
    case "GETNAME":
      expect(0);
      return client.name === "" ? null : client.name;
    // Newer clients tell their library's name and version; Redis 7.0 does not know the command, and they bear both.
    case "SETINFO":
      expect(2);
      return OK;
    case "NO-EVICT":
      expect(1);
      if (!/^(on|off)$/i.test(rest[0] as string)) throw syntaxError();
      return OK;
    case "ID":
      expect(0);
      return client.id;
    case "INFO":
      expect(0);
      return { verbatim: `${describeClient(client, nowMs())}\n` };
    case "LIST":
      if (rest.length > 0 && !/^(type|id)$/i.test(rest[0] as string)) throw syntaxError();
      return { verbatim: listClients([...server.clients], rest, nowMs()) };
    default:
      throw unknownSubcommand("CLIENT", subcommand);
  }
}

function listClients(clients: readonly Client[], [by, ...values]: readonly string[], nowMs: number): string {
  let chosen = clients;
  if (by?.toUpperCase() === "ID") {
    const ids = new Set(values.map(parseIndex));
    chosen = clients.filter((client) => ids.has(client.id));
  } else if (by !== undefined) {
    const type = values[0]?.toLowerCase();
    if (
      values.length !== 1 ||
      type === undefined ||
      !["normal", "pubsub", "master", "replica", "slave"].includes(type)
    ) {
      throw new CommandError(`ERR Unknown client type '${values[0] ?? ""}'`);
    }
    chosen = clients.filter((client) => (client.subscriptionCount > 0 ? "pubsub" : "normal") === type);
  }
  return chosen.map((client) => `${describeClient(client, nowMs)}\n`).join("");
}

function describeClient(client: Client, nowMs: number): string {
  const { channel, pattern } = client.subscriptions;
  const queued = client.transaction.kind === "queueing" ? client.transaction.queue.length : -1;
  const age = Math.floor((nowMs - client.connectedAtMs) / 1_000);
  return `id=${client.id} addr=${client.address} name=${client.name} age=${age} db=${client.database} sub=${channel.size} psub=${pattern.size} multi=${queued} user=default resp=${client.protocol}`;
}

/** Compares digests, so that the time tells nothing about the secret. */
function equalSecrets(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(Buffer.from(text, "latin1")).digest();
  return timingSafeEqual(digest(a), digest(b));
}
