/** A job of two partitions, for tests of who reads a graph and not of what runs it. */
import type { JobGraph } from "../../simulator/common/contract/job/rest.ts";

export const countingJob = (jobId: string): JobGraph => ({
  jobId,
  name: "counting",
  parallelism: 1,
  source: { topic: "t", partitions: 2, group: "g" },
  operators: ["identity"],
  sink: { stateKey: "s", publishedKey: "v", counterKey: "c", sequenceKey: "q" },
  checkpointIntervalMs: 20,
});
