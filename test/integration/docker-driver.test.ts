/** The Docker driver by itself, on a real engine: what happens to a port that was free when it was chosen. */
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { devNull } from "node:os";
import { expect, it } from "vitest";
import { DockerDriver } from "../../apphost/drivers/docker/driver.ts";
import type { DriverContext } from "../../apphost/drivers/driver.ts";
import { CONTAINER_IMAGES } from "../../apphost/options.ts";
import type { ChildHooks } from "../../apphost/processes/child-process.ts";
import { choosePort, isPortClash } from "../../apphost/processes/ports.ts";
import { ResourceLog } from "../../apphost/processes/resource-log.ts";
import { waitForRedis } from "../../apphost/resources/redis.ts";
import { withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { listOfRun, realEngine } from "../support/real-docker.ts";
import { describeReal } from "../support/real-parts.ts";

const HOOKS: ChildHooks = {
  log: new ResourceLog(devNull, (work) => work()),
  onSpawn: () => undefined,
  onMessage: () => undefined,
};

const SETTINGS = {
  kafkaImage: CONTAINER_IMAGES.kafka,
  redisImage: CONTAINER_IMAGES.redis,
  kafkaUiImage: CONTAINER_IMAGES.kafkaUi,
  flinkImage: CONTAINER_IMAGES.flink,
  kafkaConnectorJar: null,
};

const listen = async (port: number): Promise<Server> => {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
};

/** The ports in turn; for the context of one driver. */
function createContext(runId: string, ports: number[]): DriverContext {
  return {
    runId,
    runDir: "/nowhere/runs/one",
    base: "/nowhere",
    kafkaHeapBytes: 256 * 1024 * 1024,
    isKafkaForContainers: false,
    brokerSession: "short",
    embeddedMemoryBytes: 0,
    embeddedAutoCreateTopics: false,
    choosePort: async () => ports.shift() ?? choosePort(),
    ownProgram: () => expect.fail("no program of ours"),
    foreignEnvironment: () => expect.fail("no program of this machine"),
    startProcess: () => expect.fail("no process"),
    recordEngine: () => undefined,
  };
}

describeReal(["docker"], "a port that is taken between choice and start", () => {
  it.each(["host", "published"] as const)(
    "is told as such over a %s network, and the next plan has another",
    async (network) => {
      const runId = `port-${network}-${process.pid}`;
      const port = await choosePort();
      const other = await listen(port);
      const driver = new DockerDriver(realEngine(), { ...SETTINGS, network, tell: () => undefined });
      const context = createContext(runId, [port]);
      try {
        const first = await driver.plan("redis", context);
        expect(first.endpoint).toBe(`127.0.0.1:${port}`);
        const server = await first.launch?.(HOOKS, new AbortController().signal);
        const exit = await withDeadline(server?.exited as Promise<unknown>, { what: "the end", deadlineMs: 20_000 });
        expect(exit).toMatchObject({ kind: "exit" });
        expect(isPortClash(server?.newestLines(20) ?? "")).toBe(true);

        const second = await driver.plan("redis", context);
        expect(second.endpoint).not.toBe(first.endpoint);
        expect(await listOfRun(runId)).toEqual([]);
        const running = await second.launch?.(HOOKS, new AbortController().signal);
        expect(await listOfRun(runId)).toContain(`container flink-apphost-${runId}-redis`);
        await running?.stop(10_000);
      } finally {
        other.close();
        expect(await driver.release?.(runId)).toEqual([]);
        expect(await listOfRun(runId)).toEqual([]);
      }
    },
  );

  it("after a death, is waited for: the same container starts once the port is free again", async () => {
    const runId = `again-${process.pid}`;
    const driver = new DockerDriver(realEngine(), { ...SETTINGS, network: "published", tell: () => undefined });
    try {
      const port = await choosePort();
      const plan = await driver.plan("redis", createContext(runId, [port]));
      const first = await plan.launch?.(HOOKS, new AbortController().signal);
      const [container] = await listOfRun(runId);
      await first?.stop(10_000);
      const other = await listen(port);
      const clashing = await plan.launch?.(HOOKS, new AbortController().signal);
      expect(isPortClash(clashing?.newestLines(5) ?? "")).toBe(true);
      other.close();
      await once(other, "close");
      const again = await plan.launch?.(HOOKS, new AbortController().signal);
      expect((await listOfRun(runId))[0]).toBe(container);
      // Before that its start script is process 1, which is deaf to an orderly end.
      await waitForRedis(plan, AbortSignal.timeout(30_000));
      await again?.stop(10_000);
      expect(await again?.exited).toEqual({ kind: "exit", code: 0 });
    } finally {
      expect(await driver.release?.(runId)).toEqual([]);
    }
  });
});
