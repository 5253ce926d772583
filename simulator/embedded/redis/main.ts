/** The embedded Redis as a child of the host. Its data ends with it; a restart is a new life, with a new run_id. */
import { once } from "node:events";
import { getHeapStatistics } from "node:v8";
import { runChild } from "../../common/contract/child/child-channel.ts";
import { readTask } from "../../common/contract/child/environment.ts";
import type { EmbeddedRedisTask } from "../../common/contract/child/tasks.ts";
import { startEmbeddedRedis } from "./server.ts";

/** The data are values of JavaScript: what the engine's heap cannot hold must be refused, not tried. */
const HEAP_SHARE_MAX = 0.75;

await runChild(async ({ log, send, stopping }) => {
  const task = readTask<EmbeddedRedisTask>();
  const heapBytesMax = Math.floor(getHeapStatistics().heap_size_limit * HEAP_SHARE_MAX);
  const memoryBytesMax = Math.min(task.memoryBytesMax, heapBytesMax);
  const server = await startEmbeddedRedis({ port: task.port, password: task.password, memoryBytesMax, log });
  log.info(
    `embedded Redis serves on 127.0.0.1:${server.port}, run_id ${server.runId}, maxmemory ${memoryBytesMax} bytes`,
  );
  send({ type: "ready", detail: `127.0.0.1:${server.port}` });
  if (!stopping.aborted) await Promise.race([once(stopping, "abort"), server.shutdown]);
  await server.close();
});
