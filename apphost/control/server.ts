/**
 * The host's ear for other terminals: a Unix socket on which the requests of `protocol.ts` are answered.
 *
 * K1 The socket is 0600 and a request without the run's token is refused: it answers only its own user.
 * K2 A request is at most 64 KiB and a connection carries one; anything else closes the connection.
 */
import { once } from "node:events";
import { chmodSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { describeError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { type Answer, type ControlRequest, parseRequest } from "./protocol.ts";

const REQUEST_BYTES_MAX = 65_536;
const LAST_ANSWERS_MS_MAX = 500;
/** Where a request with many answers puts them. */
export interface ItemSink {
  send(item: unknown): void;
  /** The reader has not yet taken what was sent; whatever is sent now piles up here. */
  readonly isFull: boolean;
  /** Settles when the reader has taken what was sent, or is gone. */
  drained(): Promise<void>;
  /** Aborted when the reader is gone. */
  readonly gone: AbortSignal;
}

export type ControlHandler = (
  request: ControlRequest,
  accept: (detail: string) => void,
  sink: ItemSink,
) => Promise<unknown>;

export interface ControlServer {
  close(): Promise<void>;
}

export async function startControlServer(options: {
  readonly path: string;
  readonly token: string;
  readonly handle: ControlHandler;
}): Promise<ControlServer> {
  const sockets = new Set<Socket>();
  const answering = new Set<Promise<void>>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // The other terminal may go away at any time; its request goes on without it.
    socket.on("error", () => undefined);
    receiveRequest(socket, options, (answer) => {
      answering.add(answer);
      void answer.finally(() => answering.delete(answer));
    });
  });
  await listenPrivately(server, options.path);
  return {
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // Whoever followed the run gets its last words.
      await Promise.race([Promise.allSettled(answering), delay(LAST_ANSWERS_MS_MAX, undefined, { ref: false })]);
      for (const socket of sockets) socket.end();
      // An answer on its way is small; whoever does not read it within the deadline loses it.
      setTimeout(() => sockets.forEach((socket) => void socket.destroy()), 500).unref();
      await closed;
    },
  };
}

/** The mask is narrowed for the moment in which the file appears: it must never be open to others, however briefly. */
function listenPrivately(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    const before = process.umask(0o177);
    try {
      server.listen(path, () => {
        chmodSync(path, 0o600);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}

function receiveRequest(
  socket: Socket,
  options: { readonly token: string; readonly handle: ControlHandler },
  track: (answer: Promise<void>) => void,
): void {
  let text = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    text += chunk;
    if (text.length > REQUEST_BYTES_MAX) socket.destroy();
    const end = text.indexOf("\n");
    if (end < 0 || socket.destroyed) return;
    const line = text.slice(0, end);
    socket.removeAllListeners("data").resume();
    const answer = (one: Answer) => {
      if (!socket.destroyed) socket.write(`${JSON.stringify(one)}\n`);
    };
    const answered = answerRequest(line, { ...options, answer, sink: createSink(socket, answer) });
    track(answered.finally(() => socket.end()));
  });
}

function createSink(socket: Socket, answer: (answer: Answer) => void): ItemSink {
  const gone = new AbortController();
  const leave = () => gone.abort(new Error("the reader is gone"));
  if (socket.destroyed) leave();
  socket.once("close", leave);
  return {
    send: (item) => answer({ type: "item", item }),
    get isFull() {
      return socket.writableNeedDrain;
    },
    async drained() {
      if (!socket.writableNeedDrain || gone.signal.aborted) return;
      await once(socket, "drain", { signal: gone.signal }).catch(() => undefined);
    },
    gone: gone.signal,
  };
}

interface Answering {
  readonly token: string;
  readonly handle: ControlHandler;
  readonly answer: (answer: Answer) => void;
  readonly sink: ItemSink;
}

async function answerRequest(line: string, { token, handle, answer, sink }: Answering): Promise<void> {
  const request = parseRequest(line, token);
  if (typeof request === "string") {
    answer({ type: "refused", reason: request });
    return;
  }
  try {
    const result = await handle(request, (detail) => answer({ type: "accepted", detail }), sink);
    answer({ type: "result", result });
  } catch (error) {
    answer({ type: "refused", reason: isAppError(error) ? error.message : describeError(error) });
  }
}
