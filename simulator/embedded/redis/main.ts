/** The embedded Redis as a child of the host. Its data ends with it; a restart is a new life, with a new run_id. */
import { once } from "node:events";
import { runChild } from "../../common/contract/child/child-channel.ts";
import { readTask } from "../../common/contract/child/environment.ts";
import type { EmbeddedRedisTask } from "../../common/contract/child/tasks.ts";
import { startEmbeddedRedis } from "./server.ts";

await runChild(async ({ log, send, stopping }) => {
  const task = readTask<EmbeddedRedisTask>();
  const server = await startEmbeddedRedis({ port: task.port, password: task.password, log });
  log.info(`embedded Redis serves on 127.0.0.1:${server.port}, run_id ${server.runId}`);
  send({ type: "ready", detail: `127.0.0.1:${server.port}` });
  if (!stopping.aborted) await Promise.race([once(stopping, "abort"), server.shutdown]);
  await server.close();
});
