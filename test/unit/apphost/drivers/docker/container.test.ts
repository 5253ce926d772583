/** The life of a container, at an engine that is played here. */
import { PassThrough } from "node:stream";
import type Docker from "dockerode";
import { expect, it } from "vitest";
import { createContainerServer } from "../../../../../apphost/drivers/docker/container.ts";
import { withDeadline } from "../../../../../simulator/common/foundation/deadline.ts";

/** A container that runs until it is killed; the first such call is lost with its connection. */
function playEngine() {
  const ended = Promise.withResolvers<void>();
  const output = new PassThrough();
  let killCalls = 0;
  let isRunning = true;
  const container = {
    id: "0123456789abcdef",
    attach: async () => output,
    start: async () => undefined,
    inspect: async () => ({ State: { Pid: 0, Running: isRunning, ExitCode: 137, OOMKilled: false } }),
    wait: () => ended.promise,
    async kill() {
      killCalls += 1;
      if (killCalls === 1) throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
      isRunning = false;
      output.end();
      ended.resolve();
    },
    modem: { demuxStream: () => output.resume() },
  };
  return { docker: { createContainer: async () => container } as unknown as Docker, killCalls: () => killCalls };
}

it("a kill that the engine did not hear is repeated: nobody else would end what is alive and does not serve", async () => {
  const { docker, killCalls } = playEngine();
  const reach = { kind: "host" } as const;
  const spec = { name: "one", image: "one:1", command: null, env: {}, labels: {}, reach, volumes: [], file: null };
  const log = new PassThrough().resume();
  const hooks = { log, onSpawn: () => undefined, onMessage: () => undefined };
  const running = await createContainerServer(docker, spec).launch(hooks);
  running.kill();
  const exit = await withDeadline(running.exited, { what: "the end", deadlineMs: 5_000 });
  expect(exit).toEqual({ kind: "exit", code: 137 });
  expect(killCalls()).toBe(2);
});
