/**
 * The FlinkJobSimulator process: declares the job, submits it, and follows it. It ends with the job's outcome; asked to
 * stop, it detaches and the job goes on. Restarted, it attaches again, since submitting is idempotent by job id.
 */
import { runChild } from "../../common/contract/child/child-channel.ts";
import { ENV, readChildEnvironment, requireVariable } from "../../common/contract/child/environment.ts";
import { unreachable } from "../../common/foundation/assert.ts";
import { createError } from "../../common/foundation/errors.ts";
import { JobClient } from "./job-client.ts";
import { declareJob } from "./job-graph.ts";

await runChild(async (child) => {
  const { config, token } = readChildEnvironment();
  const endpoint = requireVariable(process.env, ENV.jobManagerHttp).replace(/\/$/, "");
  const graph = declareJob(config);
  const client = new JobClient({ endpoint, token, log: child.log, signal: child.stopping });
  await client.submit(graph);
  child.log.info(`submitted job ${graph.jobId} (${graph.name})`);
  const ending = await client.follow(graph, (snapshot) => {
    child.send({ type: "ready", detail: `job ${graph.jobId} is ${snapshot.state}` });
  });
  switch (ending.kind) {
    case "detached":
      child.log.info("detached; the job goes on");
      return;
    case "ended":
      child.log.info(`job ${graph.jobId} is ${ending.snapshot.state}`);
      if (ending.snapshot.state !== "FAILED") return;
      throw createError("JOB_FAILED", { jobId: graph.jobId, reason: ending.snapshot.reason ?? "no reason was given" });
    default:
      unreachable(ending);
  }
});
