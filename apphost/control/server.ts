/**
 * The host's ear for other terminals: a Unix socket with one JSON request a line, answered with JSON lines.
 *
 *   request   {"token","request":"produce","messages":N} | {"token","request":"env"|"down"}
 *             | {"token","request":"describe"|"follow","showSecrets":boolean}
 *             | one of `protocol.ts`
 *   answers   ({"type":"accepted","detail"} | {"type":"item","item"})*
 *             then  {"type":"result","result"} or {"type":"refused","reason"}
 *
 * K1 The socket is 0600 and a request without the run's token is refused: it answers only its own user.
 * K2 A request is at most 64 KiB and a connection carries one; anything else closes the connection.
 *    What the host does not know it refuses by naming what it does know (CAPABILITIES), so that an older host and a newer
 *    client part with a clear sentence.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { chmodSync, existsSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createError, describeError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { RESOURCE_REQUESTS, type ResourceRequest, readResourceRequest } from "./protocol.ts";

export type ControlRequest =
  | { readonly request: "produce"; readonly messages: number }
  | { readonly request: "describe" | "follow"; readonly showSecrets: boolean }
  | { readonly request: "env" | "down" }
  | ResourceRequest;

/** Every request that this host answers. */
export const CAPABILITIES: readonly ControlRequest["request"][] = [
  ...(["produce", "env", "describe", "follow", "down"] as const),
  ...RESOURCE_REQUESTS,
];

type Answer =
  | { readonly type: "accepted"; readonly detail: string }
  | { readonly type: "item"; readonly item: unknown }
  | { readonly type: "result"; readonly result: unknown }
  | { readonly type: "refused"; readonly reason: string };

/** The system's limit is 104 bytes on some. */
export const SOCKET_PATH_BYTES_MAX = 103;
const REQUEST_BYTES_MAX = 65_536;
const CONNECT_MS_MAX = 2_000;
const LAST_ANSWERS_MS_MAX = 500;
/** Where sockets go whose path would be too long elsewhere. */
const SHORT_FOLDER = "/tmp";

/** The places in which a socket of ours may be. A terminal without XDG_RUNTIME_DIR looks where one with it has its own. */
export const socketFolders = (): readonly string[] => [
  ...new Set([socketFolder(), `/run/user/${process.getuid?.() ?? 0}`, tmpdir(), SHORT_FOLDER]),
];

/** Made from the run's id alone, so that nobody has to be believed where it is. */
export const socketName = (runId: string): string => `flink-apphost-${runId}.sock`;

function socketFolder(): string {
  const own = process.env["XDG_RUNTIME_DIR"] ?? "";
  return own !== "" && existsSync(own) ? own : tmpdir();
}

export function controlSocketPath(runId: string): string {
  const path = join(socketFolder(), socketName(runId));
  return Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX ? path : join(SHORT_FOLDER, socketName(runId));
}

/** Where a request with many answers puts them. */
export interface ItemSink {
  send(item: unknown): void;
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

/** The request, or why it is none. */
function parseRequest(line: string, token: string): ControlRequest | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return "the request is not JSON";
  }
  if (typeof value !== "object" || value === null) return "the request is not an object";
  const fields = value as Record<string, unknown>;
  if (!isSameText(String(fields["token"]), token)) return "the token is not this run's";
  switch (fields["request"]) {
    case "produce": {
      const messages = fields["messages"];
      const isCount = typeof messages === "number" && Number.isSafeInteger(messages) && messages >= 1;
      return isCount ? { request: "produce", messages } : "messages is not a whole number above 0";
    }
    case "describe":
    case "follow":
      return { request: fields["request"], showSecrets: fields["showSecrets"] === true };
    case "env":
    case "down":
      return { request: fields["request"] };
    case "start":
    case "stop":
    case "restart":
    case "scale":
      return readResourceRequest(fields);
    default:
      return `it does not know ${JSON.stringify(fields["request"])}; it knows ${CAPABILITIES.join(", ")}`;
  }
}

function isSameText(a: string, b: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}

export interface HostAddress {
  readonly socket: string;
  readonly token: string;
}

/** Asks a running host, and waits for its answer as long as that takes: a produce ends with a verdict. */
export async function askHost(
  host: HostAddress,
  request: ControlRequest,
  onAccepted: (detail: string) => void = () => undefined,
  signal?: AbortSignal,
): Promise<unknown> {
  for await (const answer of exchange(host, request, signal)) {
    if (answer.type === "result") return answer.result;
    if (answer.type === "accepted") onAccepted(answer.detail);
  }
  throw createError("CONTROL_LOST", { request: request.request });
}

/** The items of a request that has many, until the host says that there are no more. */
export async function* followHost(host: HostAddress, request: ControlRequest, signal?: AbortSignal) {
  for await (const answer of exchange(host, request, signal)) {
    if (answer.type === "item") yield answer.item;
    if (answer.type === "result") return;
  }
  throw createError("CONTROL_LOST", { request: request.request });
}

/** Throws the signal's reason, CONTROL_REFUSED, CONTROL_LOST, or what the system says when nobody listens. */
async function* exchange(host: HostAddress, request: ControlRequest, signal?: AbortSignal): AsyncGenerator<Answer> {
  const socket = await connectTo(host.socket);
  const leave = () => socket.destroy();
  signal?.addEventListener("abort", leave);
  if (signal?.aborted) leave();
  socket.write(`${JSON.stringify({ token: host.token, ...request })}\n`);
  socket.setEncoding("utf8");
  try {
    for await (const answer of readAnswers(socket)) {
      if (answer.type === "refused") {
        throw createError("CONTROL_REFUSED", { request: request.request, reason: answer.reason });
      }
      yield answer;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw isAppError(error) ? error : createError("CONTROL_LOST", { request: request.request }, error);
  } finally {
    signal?.removeEventListener("abort", leave);
    socket.destroy();
  }
  signal?.throwIfAborted();
}

async function* readAnswers(socket: Socket): AsyncGenerator<Answer> {
  let text = "";
  for await (const chunk of socket) {
    text += chunk as string;
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line) as Answer;
  }
}

/** Throws what the system says when nobody listens there. */
export function connectTo(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.setTimeout(CONNECT_MS_MAX, () => socket.destroy(new Error(`no answer within ${CONNECT_MS_MAX} ms`)));
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.setTimeout(0);
      socket.removeListener("error", reject);
      // From here on a lost connection ends the reading loop.
      socket.on("error", () => undefined);
      resolve(socket);
    });
  });
}
