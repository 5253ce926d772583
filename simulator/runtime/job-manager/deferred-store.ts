/**
 * A store that is being opened. A job exists, and answers questions, before Redis does; what it asks of its store waits
 * for the opening, and fails with its error.
 */
import type { StoreLife } from "../../common/contract/state/redis-state.ts";
import type { JobStore } from "../checkpoint/job-store.ts";

export function deferStore(opening: Promise<JobStore>): JobStore {
  let opened: JobStore | undefined;
  let expected: StoreLife | null = null;
  const ready = opening.then((store) => {
    store.expect(expected);
    opened = store;
    return store;
  });
  // Each call below reports the error to its caller; without any call there is nobody to tell.
  ready.catch(() => undefined);
  return {
    runId: async () => (await ready).runId(),
    expect: (life) => {
      expected = life;
      opened?.expect(life);
    },
    init: async (args) => (await ready).init(args),
    publish: async (args) => (await ready).publish(args),
    fenceAll: async (args) => (await ready).fenceAll(args),
    recover: async (args) => (await ready).recover(args),
    readHash: async () => (await ready).readHash(),
  };
}
