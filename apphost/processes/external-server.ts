/** A server that is not ours in the place of a process. */
import type { ChildExit, RunningServer } from "./child-process.ts";

/** Nothing of ours runs: stopping it ends our interest in it, and nothing else. */
export function createExternalServer(): RunningServer {
  const exited = Promise.withResolvers<ChildExit>();
  const leave = () => exited.resolve({ kind: "exit", code: 0 });
  return {
    pid: null,
    isOurs: false,
    exited: exited.promise,
    newestLines: () => "",
    stop: async () => leave(),
    kill: leave,
    pause: async () => undefined,
    resume: async () => undefined,
  };
}
