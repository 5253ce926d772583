/** The embedded Kafka as a process of its own, as a run starts it, for tests with clients that people have. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import getPort from "get-port";
import { expect } from "vitest";
import { ENV } from "../../simulator/common/contract/child/environment.ts";
import { withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { distPath } from "./dist.ts";

const DEADLINE_MS = 20_000;

export interface EmbeddedKafka {
  /** host:port */
  readonly address: string;
  stop(): Promise<void>;
}

/** Resolves when it is ready. Whoever starts one stops it. */
export async function startEmbeddedKafka(memoryBytesMax: number): Promise<EmbeddedKafka> {
  const port = await getPort({ host: "127.0.0.1" });
  const child = spawn(process.execPath, [distPath("simulator/embedded/kafka/main")], {
    env: { ...process.env, [ENV.task]: JSON.stringify({ port, memoryBytesMax, autoCreateTopics: false }) },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const address = `127.0.0.1:${port}`;
  const ready = once(child, "message") as Promise<[{ type: string; detail: string }]>;
  const [message] = await withDeadline(ready, { what: "the broker's ready message", deadlineMs: DEADLINE_MS });
  expect(message).toMatchObject({ type: "ready", detail: expect.stringContaining(address) });
  return {
    address,
    stop: async () => {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      const [code] = await withDeadline(exited, { what: "the broker's exit", deadlineMs: DEADLINE_MS });
      expect(code).toBe(0);
    },
  };
}
