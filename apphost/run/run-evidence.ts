/** What a run will leave on servers of others, written down before the first of it is made: for `down --purge`. */
import type { RunConfig } from "../../simulator/common/contract/child/run-config.ts";
import { redisEndpoint } from "../model/connection.ts";
import type { RunContext } from "./run-context.ts";
import { writeCredentials } from "./run-folder.ts";

export function recordEvidence(run: RunContext, config: RunConfig): void {
  const { topic, ownTopic, group, stateKey, counterKey, sequenceKey } = config;
  const { kafka, redis } = run.options;
  if (redis !== null) writeCredentials(run.runDir, redis);
  run.updateState({
    evidence: {
      topic,
      ownTopic,
      group,
      stateKey,
      counterKey,
      sequenceKey,
      kafka,
      redis: redis === null ? null : redisEndpoint(redis),
    },
  });
}
