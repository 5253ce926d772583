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

/** A reply of more bytes than a client may be sent at once. */
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

/** Takes the bytes of replies one after the other. */
export interface TextSink {
  /** Of all that it was given. */
  readonly bytes: number;
  add(text: string): void;
}

/** A longer value is handed on by itself: one text made of it and its head would be a copy. */
const JOINED_BYTES_MAX = 4_096;

/** Throws ReplyTooLargeError when the sink would get beyond `bytesMax`; it then has the beginning of the reply. */
export function encodeReply(reply: Reply, protocol: Protocol, sink: TextSink, bytesMax: number): void {
  if (reply === null) sink.add(protocol === 2 ? "$-1\r\n" : "_\r\n");
  else if (typeof reply === "string") addText(sink, `$${reply.length}\r\n`, reply);
  else if (typeof reply === "number" || typeof reply === "bigint") sink.add(`:${reply}\r\n`);
  else if ("length" in reply) encodeAll(`*${reply.length}\r\n`, reply, protocol, sink, bytesMax);
  else if ("simple" in reply) addText(sink, "+", reply.simple);
  else if ("error" in reply) sink.add(`-${reply.error.replace(/[\r\n]/g, " ")}\r\n`);
  else if ("nullArray" in reply) sink.add(protocol === 2 ? "*-1\r\n" : "_\r\n");
  else if ("several" in reply) encodeAll("", reply.several, protocol, sink, bytesMax);
  else if (protocol === 2) encodeReply(asRespTwo(reply), protocol, sink, bytesMax);
  else if ("pairs" in reply) encodeAll(`%${reply.pairs.length / 2}\r\n`, reply.pairs, protocol, sink, bytesMax);
  else if ("set" in reply) encodeAll(`~${reply.set.length}\r\n`, reply.set, protocol, sink, bytesMax);
  else if ("push" in reply) encodeAll(`>${reply.push.length}\r\n`, reply.push, protocol, sink, bytesMax);
  else if ("double" in reply) sink.add(`,${formatDouble(reply.double)}\r\n`);
  else addText(sink, `=${reply.verbatim.length + 4}\r\ntxt:`, reply.verbatim);
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

function addText(sink: TextSink, head: string, text: string): void {
  if (text.length <= JOINED_BYTES_MAX) {
    sink.add(`${head}${text}\r\n`);
    return;
  }
  sink.add(head);
  sink.add(text);
  sink.add("\r\n");
}

function encodeAll(
  head: string,
  replies: readonly Reply[],
  protocol: Protocol,
  sink: TextSink,
  bytesMax: number,
): void {
  sink.add(head);
  for (const reply of replies) {
    encodeReply(reply, protocol, sink, bytesMax);
    if (sink.bytes > bytesMax) throw new ReplyTooLargeError(`a reply of more than ${bytesMax} bytes`);
  }
}
