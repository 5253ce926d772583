/** The life of a container, at an engine that is played here. */
import { devNull } from "node:os";
import { PassThrough } from "node:stream";
import type Docker from "dockerode";
import { expect, it } from "vitest";
import { createContainerServer } from "../../../../../apphost/drivers/docker/container.ts";
import { ResourceLog } from "../../../../../apphost/processes/resource-log.ts";
import { withDeadline } from "../../../../../simulator/common/foundation/deadline.ts";

/** A container that runs until it is killed; the first such call is lost with its connection. */
function playEngine() {
  const ended = Promise.withResolvers<void>();
  const output = new PassThrough();
  let killCalls = 0;
  let isRunning = true;
  const calls: string[] = [];
  const end = () => {
    isRunning = false;
    output.end();
    ended.resolve();
  };
  const container = {
    id: "0123456789abcdef",
    attach: async () => output,
    start: async () => undefined,
    inspect: async () => ({ State: { Pid: 0, Running: isRunning, ExitCode: 137, OOMKilled: false } }),
    wait: () => ended.promise,
    async kill() {
      killCalls += 1;
      if (killCalls === 1) throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
      calls.push("kill");
      end();
    },
    pause: async () => void calls.push("pause"),
    unpause: async () => void calls.push("unpause"),
    async stop() {
      calls.push("stop");
      end();
    },
    modem: { demuxStream: () => output.resume() },
  };
  const docker = { createContainer: async () => container } as unknown as Docker;
  return { docker, killCalls: () => killCalls, calls: () => calls };
}

function launch(docker: Docker) {
  const reach = { kind: "host" } as const;
  const spec = { name: "one", image: "one:1", command: null, env: {}, labels: {}, reach, volumes: [], file: null };
  const log = new ResourceLog(devNull, (work) => work());
  return createContainerServer(docker, spec).launch({ log, onSpawn: () => undefined, onMessage: () => undefined });
}

it.each(["stop", "kill"] as const)(
  "one that is paused goes on before a %s: some engines refuse it otherwise (K5)",
  async (end) => {
    const { docker, calls } = playEngine();
    const running = await launch(docker);
    await running.pause();
    if (end === "stop") await running.stop(1_000);
    else running.kill();
    await withDeadline(running.exited, { what: "the end", deadlineMs: 5_000 });
    expect(calls()).toEqual(["pause", "unpause", end]);
  },
);

it("a kill that the engine did not hear is repeated: nobody else would end what is alive and does not serve", async () => {
  const { docker, killCalls } = playEngine();
  const running = await launch(docker);
  running.kill();
  const exit = await withDeadline(running.exited, { what: "the end", deadlineMs: 5_000 });
  expect(exit).toEqual({ kind: "exit", code: 137 });
  expect(killCalls()).toBe(2);
});

/** An engine whose containers somebody removes: each of them starts once. */
function playForgetfulEngine() {
  const created: string[] = [];
  const docker = {
    async createContainer() {
      created.push("container");
      let starts = 0;
      return {
        id: String(created.length),
        attach: async () => new PassThrough(),
        async start() {
          starts += 1;
          if (starts > 1) throw Object.assign(new Error("No such container"), { statusCode: 404 });
        },
        inspect: async () => ({ State: { Pid: 0, Running: true, ExitCode: 0, OOMKilled: false } }),
        wait: () => new Promise(() => undefined),
        modem: { demuxStream: () => undefined },
      };
    },
  };
  return { docker: docker as unknown as Docker, created };
}

it.each([
  [[], 2],
  [["/data"], 1],
] as const)(
  "one that was removed, with volumes %j, is created anew only where it had none (K6)",
  async (volumes, count) => {
    const { docker, created } = playForgetfulEngine();
    const reach = { kind: "host" } as const;
    const spec = { name: "one", image: "one:1", command: null, env: {}, labels: {}, reach, volumes, file: null };
    const server = createContainerServer(docker, spec);
    const hooks = {
      log: new ResourceLog(devNull, (work) => work()),
      onSpawn: () => undefined,
      onMessage: () => undefined,
    };
    await server.launch(hooks);
    const again = server.launch(hooks);
    if (count === 1) await expect(again).rejects.toMatchObject({ code: "CONTAINER_LOST" });
    else await again;
    expect(created).toHaveLength(count);
  },
);
