/** MULTI and what belongs to it. */
import type { Client } from "../client.ts";
import { CommandError } from "../command-error.ts";
import { isWait, NULL_ARRAY, OK, type Reply } from "../reply.ts";
import type { CommandTable } from "./command.ts";

export const transactionCommands: CommandTable = {
  MULTI: {
    arity: 1,
    inTransaction: "at once",
    run({ client }) {
      if (client.transaction.kind === "queueing") throw new CommandError("ERR MULTI calls can not be nested");
      client.transaction = { kind: "queueing", queue: [], bytes: 0, broken: false };
      return OK;
    },
  },
  EXEC: { arity: 1, inTransaction: "at once", run: ({ client }) => execute(client) },
  DISCARD: {
    arity: 1,
    inTransaction: "at once",
    run({ client }) {
      if (client.transaction.kind === "none") throw new CommandError("ERR DISCARD without MULTI");
      client.transaction = { kind: "none" };
      client.unwatch();
      return OK;
    },
  },
  WATCH: {
    arity: -2,
    inTransaction: "at once",
    run({ client }, keys) {
      if (client.transaction.kind === "queueing") throw new CommandError("ERR WATCH inside MULTI is not allowed");
      client.watch(keys);
      return OK;
    },
  },
  UNWATCH: {
    arity: 1,
    run({ client }) {
      client.unwatch();
      return OK;
    },
  },
};

function execute(client: Client): Reply {
  const { transaction } = client;
  if (transaction.kind === "none") throw new CommandError("ERR EXEC without MULTI");
  const changed = client.watchedChanged;
  client.transaction = { kind: "none" };
  client.unwatch();
  if (transaction.broken) throw new CommandError("EXECABORT Transaction discarded because of previous errors.");
  if (changed) return NULL_ARRAY;
  // An error of one command is its reply; the others are carried out all the same.
  return transaction.queue.map(({ run }) => {
    try {
      const reply = run();
      // Nothing waits inside a transaction: it would hold up everybody.
      return isWait(reply) ? reply.wait.timedOut : reply;
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      return { error: error.message };
    }
  });
}
