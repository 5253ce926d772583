/**
 * The host's ear for other terminals: a Unix socket with one JSON request a line, answered with JSON lines.
 *
 *   request   {"token","request":"produce","messages":N} | {"token","request":"env"|"describe"|"down"}
 *   answers   {"type":"accepted","detail"}*  then  {"type":"result","result"} or {"type":"refused","reason"}
 *
 * K1 The socket is 0600 and a request without the run's token is refused: it answers only its own user.
 * K2 A request is at most 64 KiB and a connection carries one; anything else closes the connection.
 * K3 A socket file whose owner does not answer is stale, and removed; one that answers is never touched.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { chmodSync, readdirSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createError, describeError, isAppError } from "../../simulator/common/foundation/errors.ts";

export type ControlRequest =
  | { readonly request: "produce"; readonly messages: number }
  | { readonly request: "env" | "describe" | "down" };

type Answer =
  | { readonly type: "accepted"; readonly detail: string }
  | { readonly type: "result"; readonly result: unknown }
  | { readonly type: "refused"; readonly reason: string };

/** The system's limit is 104 bytes on some, so the name is a short hash. */
export const SOCKET_PATH_BYTES_MAX = 103;
const REQUEST_BYTES_MAX = 65_536;
const CONNECT_MS_MAX = 2_000;
const PREFIX = "flink-apphost-";

const socketFolder = (): string => process.env["XDG_RUNTIME_DIR"] || tmpdir();

export function controlSocketPath(runDir: string): string {
  const name = `${PREFIX}${createHash("sha256").update(runDir).digest("hex").slice(0, 12)}.sock`;
  const path = join(socketFolder(), name);
  return Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX ? path : join("/tmp", name);
}

export type ControlHandler = (request: ControlRequest, accept: (detail: string) => void) => Promise<unknown>;

export interface ControlServer {
  close(): Promise<void>;
}

export async function startControlServer(options: {
  readonly path: string;
  readonly token: string;
  readonly handle: ControlHandler;
}): Promise<ControlServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // The other terminal may go away at any time; its request goes on without it.
    socket.on("error", () => undefined);
    receiveRequest(socket, options);
  });
  await listenPrivately(server, options.path);
  return {
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
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

function receiveRequest(socket: Socket, options: { readonly token: string; readonly handle: ControlHandler }): void {
  let text = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    text += chunk;
    if (text.length > REQUEST_BYTES_MAX) socket.destroy();
    const end = text.indexOf("\n");
    if (end < 0 || socket.destroyed) return;
    const line = text.slice(0, end);
    socket.removeAllListeners("data").resume();
    void answerRequest(line, options, (answer) => {
      if (!socket.destroyed) socket.write(`${JSON.stringify(answer)}\n`);
    }).finally(() => socket.end());
  });
}

async function answerRequest(
  line: string,
  options: { readonly token: string; readonly handle: ControlHandler },
  answer: (answer: Answer) => void,
): Promise<void> {
  const request = parseRequest(line, options.token);
  if (typeof request === "string") {
    answer({ type: "refused", reason: request });
    return;
  }
  try {
    const result = await options.handle(request, (detail) => answer({ type: "accepted", detail }));
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
    case "env":
    case "describe":
    case "down":
      return { request: fields["request"] };
    default:
      return `request is ${JSON.stringify(fields["request"])}: expected produce, env, describe or down`;
  }
}

function isSameText(a: string, b: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}

/** Asks a running host, and waits for its answer as long as that takes: a produce ends with a verdict. */
export async function askHost(
  host: { readonly socket: string; readonly token: string },
  request: ControlRequest,
  onAccepted: (detail: string) => void = () => undefined,
): Promise<unknown> {
  const socket = await connectTo(host.socket);
  socket.write(`${JSON.stringify({ token: host.token, ...request })}\n`);
  socket.setEncoding("utf8");
  try {
    for await (const answer of readAnswers(socket)) {
      if (answer.type === "result") return answer.result;
      if (answer.type === "refused") {
        throw createError("CONTROL_REFUSED", { request: request.request, reason: answer.reason });
      }
      onAccepted(answer.detail);
    }
  } catch (error) {
    throw isAppError(error) ? error : createError("CONTROL_LOST", { request: request.request }, error);
  } finally {
    socket.destroy();
  }
  throw createError("CONTROL_LOST", { request: request.request });
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

function connectTo(path: string): Promise<Socket> {
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

/** Removes socket files of hosts that are gone (K3). Returns those that were removed. */
export async function removeStaleSockets(): Promise<string[]> {
  const stale = await findStaleSockets();
  for (const path of stale) rmSync(path, { force: true });
  return stale;
}

/** Socket files of which nobody accepts a connection. */
export async function findStaleSockets(): Promise<string[]> {
  const folder = socketFolder();
  const names = readdirSync(folder).filter((name) => name.startsWith(PREFIX) && name.endsWith(".sock"));
  const stale: string[] = [];
  for (const name of names) {
    const path = join(folder, name);
    const reason = await connectTo(path).then(
      (socket) => {
        socket.destroy();
        return "alive";
      },
      (error: NodeJS.ErrnoException) => error.code,
    );
    if (reason === "ECONNREFUSED") stale.push(path);
  }
  return stale;
}
