/** An embedded server as a process of its own, for tests of what clients may make it hold: its log is kept, and so are sockets. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { REDIS_MEMORY_VARIABLES } from "../../apphost/drivers/embedded.ts";
import { chooseNodeFlags } from "../../apphost/resources/own-program.ts";
import { ENV } from "../../simulator/common/contract/child/environment.ts";
import { withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { distPath } from "./dist.ts";

const READY_MS_MAX = { kafka: 20_000, redis: 10_000 };
const END_MS_MAX = 10_000;

export interface BoundedServer {
  readonly pid: number;
  readonly port: number;
  /** All that it has written. */
  readonly log: string;
  /** Null while it lives. */
  readonly exitCode: number | null;
  /** Those that were opened and not taken out; they are closed with the server. */
  readonly sockets: Socket[];
  openSocket(): Promise<Socket>;
  stop(): Promise<void>;
}

/** Resolves when it is ready. Whoever starts one stops it. */
export async function startBoundedServer(kind: "kafka" | "redis", task: object): Promise<BoundedServer> {
  const memory = kind === "redis" ? REDIS_MEMORY_VARIABLES : {};
  const env = { ...process.env, ...memory, [ENV.task]: JSON.stringify({ port: 0, ...task }) };
  const child = fork(distPath(`simulator/embedded/${kind}/main`), {
    env,
    silent: true,
    execArgv: [...chooseNodeFlags({ options: { rate: 0 } })],
  });
  let log = "";
  const keep = (text: Buffer) => {
    log += text.toString();
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  const limit = { what: "the child is ready", deadlineMs: READY_MS_MAX[kind] };
  const [message] = await withDeadline(once(child, "message"), limit);
  const port = Number(/:(\d+)/.exec((message as { detail: string }).detail)?.[1]);
  const sockets: Socket[] = [];
  return {
    pid: child.pid as number,
    port,
    get log() {
      return log;
    },
    get exitCode() {
      return child.exitCode;
    },
    sockets,
    async openSocket() {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => undefined);
      sockets.push(socket);
      await once(socket, "connect");
      return socket;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      const exited = once(child, "exit");
      child.disconnect();
      await withDeadline(exited, { what: "the child ends", deadlineMs: END_MS_MAX });
    },
  };
}
