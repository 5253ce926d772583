/**
 * What an error reply of the server means for the caller. Redis names the kind in the first word of the reply. Pure.
 */
import { type RedisAddress, redisPlace } from "../../common/foundation/address.ts";
import { type AppError, createError } from "../../common/foundation/errors.ts";
import { maskSecrets } from "../../common/foundation/mask.ts";

export type ReplyMeaning =
  /** EVALSHA of a text the server does not have. */
  | "noScript"
  /** The same call may succeed on the same connection: loading, busy, out of memory or disk. */
  | "later"
  /** The server became a replica: a new connection may reach the primary. */
  | "elsewhere"
  | "authentication"
  | "notAllowed"
  | "refused";

const MEANINGS: Readonly<Record<string, ReplyMeaning>> = {
  NOSCRIPT: "noScript",
  LOADING: "later",
  BUSY: "later",
  TRYAGAIN: "later",
  CLUSTERDOWN: "later",
  MASTERDOWN: "later",
  NOREPLICAS: "later",
  OOM: "later",
  MISCONF: "later",
  READONLY: "elsewhere",
  NOAUTH: "authentication",
  WRONGPASS: "authentication",
  NOPERM: "notAllowed",
};

/** Undefined when the error is no reply of the server: then the connection failed. */
export function meaningOf(error: unknown): ReplyMeaning | undefined {
  if (!(error instanceof Error) || error.name !== "ReplyError") return undefined;
  if (error.message.startsWith("ERR max number of clients")) return "later";
  if (error.message.startsWith("ERR invalid password")) return "authentication";
  return MEANINGS[error.message.split(" ", 1)[0] as string] ?? "refused";
}

/** The error of the catalogue for a reply that no retry helps. Its cause carries the text only, never the arguments. */
export function refusalError(endpoint: RedisAddress, command: string, error: Error): AppError {
  const reply = quoteReply(endpoint, error);
  const meaning = meaningOf(error);
  const cause = new Error(reply);
  if (meaning === "authentication") {
    return createError("REDIS_AUTHENTICATION_FAILED", { endpoint: redisPlace(endpoint) }, cause);
  }
  if (meaning === "notAllowed") return createError("REDIS_NOT_ALLOWED", { endpoint: redisPlace(endpoint), reply });
  return createError("REDIS_COMMAND_REFUSED", { endpoint: redisPlace(endpoint), command, reply });
}

/** For a message. A server that does not know AUTH repeats what was sent with it. */
export function quoteReply({ password }: RedisAddress, error: Error): string {
  const line = (error.message.split("\n", 1)[0] as string).slice(0, 300);
  return maskSecrets(line, [password]);
}
