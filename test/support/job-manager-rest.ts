/** A JobManager in this process with its REST over real HTTP, on a store in memory and a folder of its own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRunClock } from "../../simulator/common/foundation/clock.ts";
import { CollectionMeter } from "../../simulator/common/foundation/engine-usage.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { RestServer } from "../../simulator/common/rest/http-server.ts";
import { JobManager } from "../../simulator/runtime/job-manager/job-manager.ts";
import { route } from "../../simulator/runtime/job-manager/rest/routes.ts";
import { createMemoryStore } from "./memory-store.ts";

export const REST_TOKEN = "secret-token";

export interface JobManagerRest {
  readonly manager: JobManager;
  /** Of checkpoints, and of the logs that are served. */
  readonly folder: string;
  readonly rpcPort: number;
  readonly port: number;
  close(): Promise<void>;
}

/** `configuration` is what /jobmanager/config tells. Its job has two partitions. */
export async function startJobManagerRest(
  configuration: ReadonlyMap<string, string> = new Map(),
): Promise<JobManagerRest> {
  const folder = await mkdtemp(join(tmpdir(), "job-manager-rest-"));
  const clock = startRunClock();
  const log = createLog(() => undefined);
  const manager = new JobManager({
    epoch: 1,
    token: REST_TOKEN,
    folder,
    recoveriesPath: join(folder, "recoveries.json"),
    clock,
    log,
    openStore: () => Promise.resolve(createMemoryStore(2)),
    readStartOffsets: () => Promise.resolve([0, 0]),
    tell: () => undefined,
    stepDown: () => undefined,
  });
  const collections = new CollectionMeter();
  const site = {
    resource: "jobmanager",
    logsFolder: folder,
    savepointsFolder: join(folder, "savepoints"),
    address: "http://127.0.0.1:1",
    configuration,
    readCollectors: () => collections.read(),
  };
  const rest = new RestServer({
    token: REST_TOKEN,
    log,
    handle: (request) => route(manager, site, request, Math.round(clock.nowUs() / 1000)),
  });
  const rpcPort = await manager.start(0);
  const port = await rest.listen(0);
  return {
    manager,
    folder,
    rpcPort,
    port,
    async close() {
      rest.close();
      manager.close();
      // A checkpoint may still be written.
      await rm(folder, { recursive: true, maxRetries: 10, retryDelay: 50 });
    },
  };
}
