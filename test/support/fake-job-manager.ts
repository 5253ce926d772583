/** A JobManager for tests of a TaskManager: a TCP server that does what the test says, and keeps what it hears. */
import { createServer, type Server, type Socket } from "node:net";
import type { JobManagerToTaskManager, TaskManagerToJobManager } from "../../simulator/common/contract/job/rpc.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { type JsonLines, openJsonLines } from "../../simulator/runtime/rpc/json-lines.ts";
import { decodeTaskManagerMessage } from "../../simulator/runtime/rpc/messages.ts";

type Register = Extract<TaskManagerToJobManager, { type: "register" }>;

/** A connection of one TaskManager. */
export interface FakeSession {
  readonly register: Register;
  readonly received: TaskManagerToJobManager[];
  readonly lines: JsonLines<JobManagerToTaskManager>;
  readonly socket: Socket;
}

export class FakeJobManager {
  /** Every session ever, oldest first. */
  readonly sessions: FakeSession[] = [];
  epoch = 1;
  /** False: registrations get no answer. */
  answers = true;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  static async listen(port = 0): Promise<FakeJobManager> {
    const jobManager = new FakeJobManager();
    await new Promise<void>((resolve, reject) => {
      jobManager.#server.once("error", reject);
      jobManager.#server.listen(port, "127.0.0.1", resolve);
    });
    return jobManager;
  }

  private constructor() {
    this.#server = createServer((socket) => this.#accept(socket));
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    return address.port;
  }

  /** Ends every connection, and listens no more. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  send(tm: string, message: JobManagerToTaskManager): void {
    this.session(tm)?.lines.send(message);
  }

  /** The newest session of a TaskManager. */
  session(tm: string): FakeSession | undefined {
    return this.sessions.findLast((session) => session.register.tm === tm);
  }

  async untilRegistered(tm: string): Promise<FakeSession> {
    return waitUntil(() => this.session(tm), { what: `the registration of ${tm}`, deadlineMs: 20_000 });
  }

  /** The first message, of any session of that TaskManager, that the test accepts. */
  async untilHeard<T extends TaskManagerToJobManager>(
    tm: string,
    accepts: (message: TaskManagerToJobManager) => message is T,
  ): Promise<T> {
    return waitUntil(() => this.heard(tm).find(accepts), { what: `a message of ${tm}`, deadlineMs: 20_000 });
  }

  heard(tm: string): TaskManagerToJobManager[] {
    return this.sessions.filter(({ register }) => register.tm === tm).flatMap(({ received }) => received);
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    let session: FakeSession | undefined;
    const lines: JsonLines<JobManagerToTaskManager> = openJsonLines<TaskManagerToJobManager, JobManagerToTaskManager>(
      socket,
      {
        decode: decodeTaskManagerMessage,
        onMessage: (message) => {
          if (session !== undefined) session.received.push(message);
          else if (message.type === "register") {
            session = { register: message, received: [], lines, socket };
            this.sessions.push(session);
            if (this.answers) lines.send({ type: "registered", epoch: this.epoch });
          }
          if (message.type === "heartbeat" && this.answers) lines.send({ type: "heartbeat", epoch: this.epoch });
        },
        onClose: () => undefined,
      },
    );
  }
}
