/**
 * The TaskManager's connection to the JobManager: opened here, and opened again for as long as the JobManager is away.
 * Counting does not depend on it.
 *
 * States: waiting (backoff) → connecting → registering (the first line is sent) → registered → waiting; closed, from any.
 *
 * C1 The highest epoch ever seen is remembered; a message of a lower one is ignored and is no sign of life.
 * C2 HEARTBEAT_TIMEOUT_MS without a valid message, counted from the attempt to connect, ends the connection.
 *    After a pause of our own (a machine that slept, a stopped process) it is counted anew: we did not listen.
 * C3 What is sent while not registered is dropped: `register` says what is held, and `onRegistered` says the rest again.
 */
import { connect, type Socket } from "node:net";
import {
  HEARTBEAT_INTERVAL_MS,
  HEARTBEAT_TIMEOUT_MS,
  type JobManagerToTaskManager,
  type TaskManagerToJobManager,
} from "../../common/contract/job/rpc.ts";
import { type Backoff, createBackoff } from "../../common/foundation/backoff.ts";
import type { Log } from "../../common/foundation/log.ts";
import { type JsonLines, openJsonLines } from "../rpc/json-lines.ts";
import { decodeJobManagerMessage } from "../rpc/messages.ts";

export type Assignment = Extract<JobManagerToTaskManager, { type: "assignment" }>;
/** What is left for the TaskManager to act on. */
export type JobManagerCommand = Exclude<JobManagerToTaskManager, { type: "registered" | "refused" | "heartbeat" }>;

export interface JobManagerClientOptions {
  readonly endpoint: { readonly host: string; readonly port: number };
  readonly log: Log;
  registration(): TaskManagerToJobManager;
  heartbeat(): TaskManagerToJobManager;
  onRegistered(): void;
  onCommand(command: JobManagerCommand): void;
}

/** A tick that comes this late means that we were away, not the JobManager (C2). */
const OWN_PAUSE_MS = 2_000;

type State =
  | { readonly kind: "waiting"; readonly timer: NodeJS.Timeout }
  | { readonly kind: "connecting"; readonly socket: Socket }
  | { readonly kind: "registering" | "registered"; readonly lines: JsonLines<TaskManagerToJobManager> }
  | { readonly kind: "closed" };

export class JobManagerClient {
  readonly #options: JobManagerClientOptions;
  readonly #backoff: Backoff = createBackoff({ initialMs: 50, capMs: 1_000 });
  readonly #ticker: NodeJS.Timeout;
  #state: State;
  #epoch = 0;
  #heardAtMs = 0;
  #tickedAtMs = performance.now();

  /** Connects at once. */
  constructor(options: JobManagerClientOptions) {
    this.#options = options;
    this.#ticker = setInterval(() => this.#tick(), HEARTBEAT_INTERVAL_MS);
    this.#state = this.#connect();
  }

  send(message: TaskManagerToJobManager): void {
    if (this.#state.kind === "registered") this.#state.lines.send(message);
  }

  /** Ends the connection after what was sent is written. */
  close(): void {
    clearInterval(this.#ticker);
    const state = this.#state;
    this.#state = { kind: "closed" };
    if (state.kind === "waiting") clearTimeout(state.timer);
    else if (state.kind === "connecting") state.socket.destroy();
    else if (state.kind !== "closed") state.lines.close("the TaskManager stops");
  }

  #connect(): State {
    this.#heardAtMs = performance.now();
    const socket = connect(this.#options.endpoint);
    // Until the connection is up its errors end here; then the line framing owns the socket.
    const fail = () => this.#reconnect();
    socket.once("error", fail);
    socket.once("connect", () => {
      socket.off("error", fail);
      this.#register(socket);
    });
    return { kind: "connecting", socket };
  }

  #register(socket: Socket): void {
    const lines: JsonLines<TaskManagerToJobManager> = openJsonLines<JobManagerToTaskManager, TaskManagerToJobManager>(
      socket,
      {
        decode: decodeJobManagerMessage,
        onMessage: (message) => this.#receive(lines, message),
        onClose: (reason) => this.#lose(lines, reason),
      },
    );
    this.#state = { kind: "registering", lines };
    lines.send(this.#options.registration());
  }

  #receive(lines: JsonLines<TaskManagerToJobManager>, message: JobManagerToTaskManager): void {
    if (message.epoch < this.#epoch || this.#state.kind === "closed") return;
    this.#epoch = message.epoch;
    this.#heardAtMs = performance.now();
    switch (message.type) {
      case "registered":
        this.#state = { kind: "registered", lines };
        this.#backoff.reset();
        this.#options.log.info(`registered with the JobManager, epoch ${message.epoch}`);
        this.#options.onRegistered();
        break;
      case "refused":
        this.#options.log.warn(`the JobManager refused the registration: ${message.reason}`);
        lines.close("refused");
        break;
      case "heartbeat":
        break;
      default:
        this.#options.onCommand(message);
    }
  }

  #lose(lines: JsonLines<TaskManagerToJobManager>, reason: string): void {
    const state = this.#state;
    if ((state.kind !== "registering" && state.kind !== "registered") || state.lines !== lines) return;
    if (state.kind === "registered") this.#options.log.warn(`lost the JobManager: ${reason}`);
    this.#reconnect();
  }

  #reconnect(): void {
    if (this.#state.kind === "closed") return;
    const timer = setTimeout(() => {
      this.#state = this.#connect();
    }, this.#backoff.nextMs());
    this.#state = { kind: "waiting", timer };
  }

  #tick(): void {
    const state = this.#state;
    const nowMs = performance.now();
    if (nowMs - this.#tickedAtMs > OWN_PAUSE_MS) this.#heardAtMs = nowMs;
    this.#tickedAtMs = nowMs;
    if (state.kind === "waiting" || state.kind === "closed") return;
    const silent = nowMs - this.#heardAtMs > HEARTBEAT_TIMEOUT_MS;
    if (state.kind === "connecting") {
      if (silent) state.socket.destroy(new Error("no connection in time"));
      return;
    }
    if (silent) state.lines.close(`no message for ${HEARTBEAT_TIMEOUT_MS} ms`);
    else if (state.kind === "registered") state.lines.send(this.#options.heartbeat());
  }
}
