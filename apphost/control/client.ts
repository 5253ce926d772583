/** The other end of the control socket: how a terminal asks a running host, and reads what it answers. */
import type { Socket } from "node:net";
import { createError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { connectTo } from "../files/socket-files.ts";
import type { Answer, ControlRequest } from "./protocol.ts";

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
