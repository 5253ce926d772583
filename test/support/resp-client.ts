/** Raw RESP2 and RESP3 over a socket: replies with their type marks, so that two servers can be compared to the byte. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";

/** The mark of the type, and the text or the elements behind it; a null bulk string of RESP2 is `["$", null]`. */
export type RawReply = readonly [mark: string, value: string | null | readonly RawReply[]];

export class RespClient {
  readonly #socket: Socket;
  #buffer = Buffer.alloc(0);
  /** Everything that has come and was not taken yet, pushes included. */
  readonly received: RawReply[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => this.#read(chunk));
  }

  static async open(port: number): Promise<RespClient> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new RespClient(socket);
  }

  send(...requests: readonly (readonly string[])[]): void {
    const encode = (args: readonly string[]) =>
      `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join("")}`;
    this.#socket.write(Buffer.from(requests.map(encode).join(""), "latin1"));
  }

  async take(count: number, deadlineMs = 10_000): Promise<RawReply[]> {
    await waitUntil(() => (this.received.length >= count ? true : undefined), {
      what: `${count} replies`,
      deadlineMs,
      intervalMs: 1,
    });
    return this.received.splice(0, count);
  }

  async ask(...args: string[]): Promise<RawReply> {
    this.send(args);
    return (await this.take(1))[0] as RawReply;
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    let at = 0;
    for (;;) {
      const parsed = parseReply(this.#buffer, at);
      if (parsed === undefined) break;
      this.received.push(parsed.reply);
      at = parsed.end;
    }
    this.#buffer = this.#buffer.subarray(at);
  }
}

function parseReply(buffer: Buffer, at: number): { reply: RawReply; end: number } | undefined {
  const lineEnd = buffer.indexOf("\r\n", at);
  if (lineEnd === -1) return undefined;
  const mark = String.fromCharCode(buffer[at] as number);
  const line = buffer.toString("latin1", at + 1, lineEnd);
  const from = lineEnd + 2;
  switch (mark) {
    case "+":
    case "-":
    case ":":
    case ",":
    case "_":
    case "#":
      return { reply: [mark, line], end: from };
    case "$":
    case "=": {
      if (line === "-1") return { reply: [mark, null], end: from };
      const to = from + Number(line);
      if (buffer.length < to + 2) return undefined;
      return { reply: [mark, buffer.toString("latin1", from, to)], end: to + 2 };
    }
    case "*":
    case "~":
    case ">":
    case "%": {
      if (line === "-1") return { reply: [mark, null], end: from };
      const elements: RawReply[] = [];
      let end = from;
      for (let left = Number(line) * (mark === "%" ? 2 : 1); left > 0; left -= 1) {
        const parsed = parseReply(buffer, end);
        if (parsed === undefined) return undefined;
        elements.push(parsed.reply);
        end = parsed.end;
      }
      return { reply: [mark, elements], end };
    }
    default:
      throw new Error(`no reply of RESP begins with ${JSON.stringify(mark)}`);
  }
}
