/** Embedded Kafka as a process of a run: serves until it is stopped. Its records live and die with it. */
import { once } from "node:events";
import { runChild } from "../../common/contract/child/child-channel.ts";
import { readTask } from "../../common/contract/child/environment.ts";
import type { EmbeddedKafkaTask } from "../../common/contract/child/tasks.ts";
import { startKafkaServer } from "./server.ts";

await runChild(async (child) => {
  const task = readTask<EmbeddedKafkaTask>();
  const onFull = (text: string) => {
    child.log.warn(text);
    child.send({ type: "notice", level: "warn", text });
  };
  const { port, memoryBytesMax, autoCreateTopics } = task;
  const server = await startKafkaServer({
    port,
    memoryBytesMax,
    log: child.log,
    onFull,
    settings: { autoCreateTopics },
  });
  child.send({
    type: "ready",
    detail: `${server.host}:${server.port}, at most ${task.memoryBytesMax} bytes of records`,
  });
  if (!child.stopping.aborted) await once(child.stopping, "abort");
  await server.close();
});
