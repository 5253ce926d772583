/**
 * A real redis-server for tests: on a free port of 127.0.0.1, its data in a temporary folder of its own, its
 * configuration (with the password) on standard input. Whoever starts one stops it, in afterAll or finally.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitUntil, withDeadline } from "../../simulator/common/foundation/deadline.ts";

export interface RealRedisOptions {
  /** Empty or absent: no password. */
  readonly password?: string;
  /** Append-only file with this fsync policy; absent: nothing is kept over a restart. */
  readonly aof?: "always" | "everysec" | "no";
  /** Further lines of redis.conf. */
  readonly args?: readonly string[];
}

export interface RealRedis {
  readonly url: string;
  readonly port: number;
  readonly password: string;
  readonly folder: string;
  /** Of the process that runs now; it changes with each restart. */
  readonly pid: number;
  /** Ends the server (SIGTERM) if it runs, and removes its folder. */
  stop(): Promise<void>;
  /** Starts it again, same port and folder; stops it first if it runs. It has a new run_id then. */
  restart(): Promise<void>;
  /** SIGKILL; the folder stays for a restart. */
  kill(): Promise<void>;
}

/** Why there is no real Redis here, or null when there is one. With REQUIRE_REAL=1 a missing one is an error. */
export function realRedisMissing(): string | null {
  const probe = spawnSync("redis-server", ["--version"], { stdio: "ignore" });
  if (probe.error === undefined && probe.status === 0) return null;
  const reason = "redis-server is not on PATH";
  if (process.env["REQUIRE_REAL"] === "1") throw new Error(`${reason}, and REQUIRE_REAL=1 asks for it`);
  return reason;
}

/** Why this redis-server cannot be reached by TLS, or null when it can: some are built without it. */
export function realRedisTlsMissing(): string | null {
  const missing = realRedisMissing();
  if (missing !== null) return missing;
  // A server that knows the setting complains about its value, another one about the setting.
  const { stdout, stderr } = spawnSync("redis-server", ["-"], { input: "tls-port nonsense\n", encoding: "utf8" });
  if (!`${stdout}${stderr}`.includes("Bad directive")) return null;
  const reason = "redis-server is built without TLS";
  if (process.env["REQUIRE_REAL"] === "1") throw new Error(`${reason}, and REQUIRE_REAL=1 asks for it`);
  return reason;
}

export async function startRealRedis(options: RealRedisOptions = {}): Promise<RealRedis> {
  const password = options.password ?? "";
  const port = await findFreePort();
  const folder = await mkdtemp(join(tmpdir(), "flink-apphost-redis-"));
  const configuration = [
    "bind 127.0.0.1",
    `port ${port}`,
    `dir ${folder}`,
    'save ""',
    ...(options.aof === undefined ? ["appendonly no"] : ["appendonly yes", `appendfsync ${options.aof}`]),
    ...(password === "" ? [] : [`requirepass ${password}`]),
    ...(options.args ?? []),
    "",
  ].join("\n");
  let child = await launch(configuration, port);
  return {
    url: `redis://${password === "" ? "" : `:${password}@`}127.0.0.1:${port}`,
    port,
    password,
    folder,
    get pid() {
      return child.pid as number;
    },
    async stop() {
      await end(child, "SIGTERM");
      await rm(folder, { recursive: true, force: true });
    },
    async restart() {
      await end(child, "SIGTERM");
      child = await launch(configuration, port);
    },
    async kill() {
      await end(child, "SIGKILL");
    },
  };
}

async function launch(configuration: string, port: number): Promise<ChildProcess> {
  const child = spawn("redis-server", ["-"], { stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  const keep = (text: Buffer) => {
    output = (output + text.toString()).slice(-4_000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  child.stdin.end(configuration);
  await waitUntil(
    () => {
      if (child.exitCode !== null) return "ended" as const;
      // Any answer to PING will do: without the password it is -NOAUTH, and both mean that the server serves.
      return answersPing(port);
    },
    { what: `redis-server on port ${port} answers`, deadlineMs: 10_000 },
  );
  if (child.exitCode !== null) throw new Error(`redis-server ended with code ${child.exitCode}: ${output}`);
  return child;
}

function answersPing(port: number): Promise<"answered" | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.once("data", (reply) => {
      resolve(/^(\+PONG|-NOAUTH)/.test(reply.toString()) ? "answered" : undefined);
      socket.destroy();
    });
    socket.once("error", () => resolve(undefined));
    socket.once("close", () => resolve(undefined));
  });
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill(signal);
  // A stopped (SIGSTOP) process does not see SIGTERM until it continues.
  child.kill("SIGCONT");
  await withDeadline(exited, { what: `the end of redis-server (pid ${child.pid})`, deadlineMs: 10_000 });
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port was given");
  server.close();
  await once(server, "close");
  return address.port;
}
