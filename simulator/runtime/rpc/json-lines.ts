/**
 * Newline-delimited JSON over one TCP connection: the frame of every call between JobManager and TaskManager. Both
 * sides use this file, each with the decoder of what it receives.
 *
 * States: open → closed. `onClose` is called exactly once, with the reason.
 *
 * J1 Neither direction is unbounded: a line longer than RPC_LINE_BYTES_MAX, or a peer that does not read
 *    UNREAD_BYTES_MAX of what we wrote, ends the connection.
 * J2 A malformed frame closes this connection only.
 * J3 After `close` or the end of the connection no message is delivered, and `send` does nothing.
 */
import type { Socket } from "node:net";
import { RPC_LINE_BYTES_MAX } from "../../common/contract/job/rpc.ts";
import { describeError } from "../../common/foundation/errors.ts";
import { LineSplitter } from "./line-splitter.ts";

/** Messages are small (a metrics heartbeat has some kilobytes), so this many unread bytes mean a peer that is stuck. */
const UNREAD_BYTES_MAX = 8 * RPC_LINE_BYTES_MAX;

export interface JsonLinesOptions<In> {
  /** Turns a parsed line into a message. Undefined: no message of the protocol, which closes the connection (J2). */
  readonly decode: (value: unknown) => In | undefined;
  readonly onMessage: (message: In) => void;
  readonly onClose: (reason: string) => void;
}

export interface JsonLines<Out> {
  send(message: Out): void;
  /** Ends the connection after what was sent is written; the peer sees an orderly end. */
  close(reason: string): void;
  readonly closed: boolean;
}

/** Takes over a connected socket. */
export function openJsonLines<In, Out>(socket: Socket, options: JsonLinesOptions<In>): JsonLines<Out> {
  const splitter = new LineSplitter(RPC_LINE_BYTES_MAX);
  let closed = false;
  const finish = (reason: string, end: () => void) => {
    if (closed) return;
    closed = true;
    end();
    options.onClose(reason);
  };
  const abort = (reason: string) => finish(reason, () => socket.destroy());
  const receive = (line: string) => {
    if (closed || line === "") return;
    const message = parseMessage(line, options.decode);
    if (message === undefined) abort(`a malformed message: ${line.slice(0, 200)}`);
    else options.onMessage(message);
  };
  socket.setNoDelay(true);
  socket.on("data", (chunk: Buffer) => {
    if (!splitter.push(chunk, receive)) abort(`a line is longer than ${RPC_LINE_BYTES_MAX} bytes`);
  });
  socket.on("error", (error) => abort(describeError(error)));
  socket.on("close", () => abort("the connection was closed"));
  return {
    get closed() {
      return closed;
    },
    send(message) {
      if (closed) return;
      socket.write(`${JSON.stringify(message)}\n`);
      if (socket.writableLength > UNREAD_BYTES_MAX) abort(`the peer left ${socket.writableLength} bytes unread`);
    },
    // A peer that never closes its side must not keep the socket: it is destroyed once our last bytes are written.
    close: (reason) => finish(reason, () => socket.destroySoon()),
  };
}

function parseMessage<In>(line: string, decode: (value: unknown) => In | undefined): In | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Not JSON is one of the malformed forms; the caller closes the connection and names the line.
    return undefined;
  }
  return decode(value);
}
