/**
 * The JobManager's end of the RPC: registration, heartbeats, and the loss of TaskManagers.
 *
 * P1 The first line of a connection is `register` with the run's token, within REGISTER_WITHIN_MS; anything else ends
 *    that connection and touches nothing.
 * P2 One registration a name: a newer one replaces the older, which is told so and closed.
 * P3 A closed socket is a lost TaskManager at once; so is one that was not heard for HEARTBEAT_TIMEOUT_MS.
 * P4 After a pause of our own (a stopped process, a blocked machine) nobody is declared lost for what we did not hear.
 */
import { timingSafeEqual } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import {
  HEARTBEAT_INTERVAL_MS,
  HEARTBEAT_TIMEOUT_MS,
  type JobManagerToTaskManager,
  type TaskManagerToJobManager,
} from "../../common/contract/job/rpc.ts";
import type { Log } from "../../common/foundation/log.ts";
import { type JsonLines, openJsonLines } from "../rpc/json-lines.ts";
import { decodeTaskManagerMessage } from "../rpc/messages.ts";
import { noteHeartbeat, type RegisteredTaskManager, TaskManagerRegistry } from "./registry.ts";
import type { Order, TaskManagerPort } from "./task-manager-port.ts";

const REGISTER_WITHIN_MS = 5_000;
/** Far above any sensible number of TaskManagers; more connections are refused by the kernel's accept. */
const CONNECTIONS_MAX = 1_024;
/** A heartbeat that comes this late means that we were away, not the others (P4). */
const OWN_PAUSE_MS = 2_000;

type Register = Extract<TaskManagerToJobManager, { type: "register" }>;

export interface RpcServerOptions {
  readonly epoch: number;
  readonly token: string;
  readonly log: Log;
  readonly onRegistered: (entry: RegisteredTaskManager) => void;
  readonly onLost: (entry: RegisteredTaskManager, reason: string) => void;
  readonly onMessage: (tm: string, message: TaskManagerToJobManager) => void;
}

export class RpcServer implements TaskManagerPort {
  readonly registry = new TaskManagerRegistry();
  readonly #options: RpcServerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #heartbeats: NodeJS.Timeout | undefined;
  #lastBeatMs = performance.now();

  constructor(options: RpcServerOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** Listens on 127.0.0.1; resolves with the port. */
  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, "127.0.0.1", () => {
        this.#server.removeListener("error", reject);
        this.#heartbeats = setInterval(() => this.#beat(), HEARTBEAT_INTERVAL_MS);
        resolve((this.#server.address() as { port: number }).port);
      });
    });
  }

  close(): void {
    clearInterval(this.#heartbeats);
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  names(): readonly string[] {
    return this.registry.names();
  }

  heldBy(tm: string): RegisteredTaskManager["held"] {
    return this.registry.get(tm)?.held ?? [];
  }

  send(tm: string, order: Order): void {
    this.registry.get(tm)?.lines.send({ ...order, epoch: this.#options.epoch } as JobManagerToTaskManager);
  }

  #accept(socket: Socket): void {
    let entry: RegisteredTaskManager | undefined;
    const impatience = setTimeout(() => lines.close("nothing was registered in time"), REGISTER_WITHIN_MS);
    this.#sockets.add(socket);
    const lines: JsonLines<JobManagerToTaskManager> = openJsonLines<TaskManagerToJobManager, JobManagerToTaskManager>(
      socket,
      {
        decode: decodeTaskManagerMessage,
        onMessage: (message) => {
          if (entry !== undefined) {
            this.#receive(entry, message);
            return;
          }
          clearTimeout(impatience);
          entry = this.#register(socket, lines, message);
        },
        onClose: (reason) => {
          clearTimeout(impatience);
          this.#sockets.delete(socket);
          if (entry !== undefined) this.#lose(entry, reason);
        },
      },
    );
  }

  /** P1, P2. */
  #register(
    socket: Socket,
    lines: JsonLines<JobManagerToTaskManager>,
    message: TaskManagerToJobManager,
  ): RegisteredTaskManager | undefined {
    const { epoch, token, log } = this.#options;
    if (message.type !== "register" || !isSameToken(message.token, token)) {
      const reason = message.type === "register" ? "the token is not this run's" : "the first message is no register";
      log.warn(`a connection was refused: ${reason}`);
      lines.send({ type: "refused", epoch, reason });
      lines.close(reason);
      return undefined;
    }
    this.#replace(message);
    const { tm, incarnation, pid, slots, held } = message;
    const address = `${socket.remoteAddress ?? "127.0.0.1"}:${socket.remotePort ?? 0}`;
    const lastHeardMs = performance.now();
    const entry = { tm, incarnation, pid, slots, held, address, lines, lastHeardMs, metrics: null, meters: null };
    this.registry.add(entry);
    lines.send({ type: "registered", epoch });
    log.info(`${tm} registered: incarnation ${incarnation}, pid ${pid}, holds ${held.length} partitions`);
    this.#options.onRegistered(entry);
    return entry;
  }

  #replace(message: Register): void {
    const older = this.registry.get(message.tm);
    if (older === undefined) return;
    const reason = `${message.tm} registered anew, as incarnation ${message.incarnation}`;
    older.lines.send({ type: "refused", epoch: this.#options.epoch, reason });
    // Its `onClose` declares it lost before the new one is added.
    older.lines.close(reason);
  }

  #receive(entry: RegisteredTaskManager, message: TaskManagerToJobManager): void {
    entry.lastHeardMs = performance.now();
    if (message.type === "heartbeat") noteHeartbeat(entry, message.metrics, entry.lastHeardMs);
    else this.#options.onMessage(entry.tm, message);
  }

  #lose(entry: RegisteredTaskManager, reason: string): void {
    if (!this.registry.remove(entry)) return;
    this.#options.log.warn(`${entry.tm} is lost: ${reason}`);
    this.#options.onLost(entry, reason);
  }

  #beat(): void {
    const nowMs = performance.now();
    const paused = nowMs - this.#lastBeatMs > OWN_PAUSE_MS;
    this.#lastBeatMs = nowMs;
    for (const entry of this.registry.list()) {
      if (paused) entry.lastHeardMs = nowMs;
      if (nowMs - entry.lastHeardMs > HEARTBEAT_TIMEOUT_MS) {
        entry.lines.close(`no heartbeat came for ${HEARTBEAT_TIMEOUT_MS} ms`);
      } else {
        entry.lines.send({ type: "heartbeat", epoch: this.#options.epoch });
      }
    }
  }
}

function isSameToken(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}
