/**
 * Replies, and their bytes in RESP2 and RESP3. Pure. Text is latin1, one character a byte.
 *
 *                    RESP2                RESP3                                 RESP2           RESP3
 *   "text"           "$4\r\ntext\r\n"     the same       { pairs: [k, v, …] }     *2n k v …       %n k v …
 *   7, 7n            ":7\r\n"             the same       { set: [a, …] }        *n a …          ~n a …
 *   OK               "+OK\r\n"            the same       { push: [a, …] }       *n a …          >n a …
 *   { error }        "-ERR …\r\n"         the same       { double: 0.5 }        "$3\r\n0.5\r\n" ",0.5\r\n"
 *   null             "$-1\r\n"            "_\r\n"        { verbatim: "text" }   "$4\r\ntext\r\n" "=8\r\ntxt:text\r\n"
 *   NULL_ARRAY       "*-1\r\n"            "_\r\n"        { several: [a, …] }    each of them, one after the other
 */
import { formatDouble } from "./numbers/double.ts";

export type Protocol = 2 | 3;

export type Reply =
  | string
  | number
  | bigint
  | null
  | { readonly simple: string }
  /** Starts with a word in capitals that names the kind: ERR, WRONGTYPE, NOAUTH … */
  | { readonly error: string }
  | { readonly nullArray: true }
  /** Keys and values in turn. */
  | { readonly pairs: readonly Reply[] }
  | { readonly set: readonly Reply[] }
  | { readonly push: readonly Reply[] }
  | { readonly double: number }
  | { readonly verbatim: string }
  | { readonly several: readonly Reply[] }
  | readonly Reply[];

export const OK = { simple: "OK" } as const;
export const NULL_ARRAY = { nullArray: true } as const;

/** A reply of more bytes than a client may be sent at once; it is not built, and the connection is closed. */
export class ReplyTooLargeError extends Error {
  override readonly name = "ReplyTooLargeError";
}

/** A command that cannot be answered yet: it is tried again when one of the keys changes. */
export interface Wait {
  readonly wait: {
    readonly keys: readonly string[];
    /** A key that became something else meanwhile is passed over, as long as somebody waits. */
    readonly kind: "list" | "zset" | "stream";
    /** 0: for ever. */
    readonly timeoutMs: number;
    /** Undefined: not yet. */
    readonly retry: (keys: readonly string[]) => Reply | undefined;
    readonly timedOut: Reply;
    /** Of one that cannot go on without its keys: the reply when one of them is gone or has become something else. */
    readonly gone?: Reply;
  };
}

export function isWait(reply: Reply | Wait): reply is Wait {
  return typeof reply === "object" && reply !== null && "wait" in reply;
}

/** Throws ReplyTooLargeError, so that no reply outgrows what one string of the engine can hold. */
export function encodeReply(reply: Reply, protocol: Protocol = 2, bytesMax = Number.POSITIVE_INFINITY): string {
  if (reply === null) return protocol === 2 ? "$-1\r\n" : "_\r\n";
  if (typeof reply === "string") return `$${reply.length}\r\n${reply}\r\n`;
  if (typeof reply === "number" || typeof reply === "bigint") return `:${reply}\r\n`;
  if ("length" in reply) return encodeAll(`*${reply.length}\r\n`, reply, protocol, bytesMax);
  if ("simple" in reply) return `+${reply.simple}\r\n`;
  if ("error" in reply) return `-${reply.error.replace(/[\r\n]/g, " ")}\r\n`;
  if ("nullArray" in reply) return protocol === 2 ? "*-1\r\n" : "_\r\n";
  if ("several" in reply) return encodeAll("", reply.several, protocol, bytesMax);
  if (protocol === 2) return encodeReply(asRespTwo(reply), protocol, bytesMax);
  if ("pairs" in reply) return encodeAll(`%${reply.pairs.length / 2}\r\n`, reply.pairs, protocol, bytesMax);
  if ("set" in reply) return encodeAll(`~${reply.set.length}\r\n`, reply.set, protocol, bytesMax);
  if ("push" in reply) return encodeAll(`>${reply.push.length}\r\n`, reply.push, protocol, bytesMax);
  if ("double" in reply) return `,${formatDouble(reply.double)}\r\n`;
  return `=${reply.verbatim.length + 4}\r\ntxt:${reply.verbatim}\r\n`;
}

type RespThreeOnly = Extract<
  Reply,
  { pairs: unknown } | { set: unknown } | { push: unknown } | { double: unknown } | { verbatim: unknown }
>;

function asRespTwo(reply: RespThreeOnly): Reply {
  if ("pairs" in reply) return reply.pairs;
  if ("set" in reply) return reply.set;
  if ("push" in reply) return reply.push;
  if ("double" in reply) return formatDouble(reply.double);
  return reply.verbatim;
}

function encodeAll(head: string, replies: readonly Reply[], protocol: Protocol, bytesMax: number): string {
  let text = head;
  for (const reply of replies) {
    text += encodeReply(reply, protocol, bytesMax - text.length);
    if (text.length > bytesMax) throw new ReplyTooLargeError(`a reply of more than ${text.length} bytes`);
  }
  return text;
}
