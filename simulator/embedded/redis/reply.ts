/**
 * Replies, and their bytes in RESP2. Pure. Text is latin1, one character a byte.
 *
 *   "text"  "$4\r\ntext\r\n"     7, 7n   ":7\r\n"      null        "$-1\r\n"      [a, b]  "*2\r\n" a b
 *   OK      "+OK\r\n"            error   "-ERR …\r\n"  NULL_ARRAY  "*-1\r\n"
 */
export type Reply = string | number | bigint | null | SimpleReply | ErrorReply | NullArray | readonly Reply[];

export interface SimpleReply {
  readonly simple: string;
}

export interface ErrorReply {
  /** Starts with a word in capitals that names the kind: ERR, WRONGTYPE, NOAUTH … */
  readonly error: string;
}

export interface NullArray {
  readonly nullArray: true;
}

export const OK: SimpleReply = { simple: "OK" };
export const NULL_ARRAY: NullArray = { nullArray: true };

/** Thrown by a command; its message is the error reply. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

export const wrongType = (): CommandError =>
  new CommandError("WRONGTYPE Operation against a key holding the wrong kind of value");
export const syntaxError = (): CommandError => new CommandError("ERR syntax error");
export const notAnInteger = (): CommandError => new CommandError("ERR value is not an integer or out of range");
export const wrongArity = (command: string): CommandError =>
  new CommandError(`ERR wrong number of arguments for '${command.toLowerCase()}' command`);

export function encodeReply(reply: Reply): string {
  if (reply === null) return "$-1\r\n";
  if (typeof reply === "string") return `$${reply.length}\r\n${reply}\r\n`;
  if (typeof reply === "number" || typeof reply === "bigint") return `:${reply}\r\n`;
  if ("simple" in reply) return `+${reply.simple}\r\n`;
  if ("error" in reply) return `-${reply.error.replace(/[\r\n]+/g, " ")}\r\n`;
  if ("nullArray" in reply) return "*-1\r\n";
  return `*${reply.length}\r\n${reply.map(encodeReply).join("")}`;
}
