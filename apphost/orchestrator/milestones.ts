/**
 * What others wait for beside the readiness of a resource: that the topic is there, that all TaskManagers have registered,
 * and that the job runs with every partition owned.
 *
 * B1 Several may wait for a milestone; it is worked for once, from the first who asks, and stays reached.
 */

import type { RunConfig } from "../../simulator/common/contract/child/run-config.ts";
import { readSavepoint } from "../../simulator/common/contract/files/savepoint-reader.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import type { KafkaAccess } from "../../simulator/common/foundation/kafka-security.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import type { WaitsFor } from "../model/resource.ts";
import { partitionsOf } from "../options.ts";
import { type PreparedTopic, prepareTopic, TOPIC_MS_MAX } from "../resources/kafka.ts";
import { topicLoadOf } from "../resources/topic-settings.ts";
import { isFullyOwned, markStarted } from "../run/job-view.ts";
import { recordEvidence } from "../run/run-config.ts";
import type { RunContext } from "../run/run-context.ts";
import type { FlinkEngine } from "./flink-engine.ts";

const REGISTERED_MS_MAX = 120_000;
const RUNNING_MS_MAX = 120_000;

export interface MilestoneContext {
  readonly run: RunContext;
  /** As it is now: the topic changes it. */
  readonly config: () => RunConfig;
  /** Throws before Kafka was launched. */
  readonly kafka: () => KafkaAccess;
  readonly taskManagers: () => readonly string[];
  /** Null: this runtime. */
  readonly flink: FlinkEngine | null;
  readonly onTopic: (topic: PreparedTopic) => void;
}

export class Milestones {
  readonly #context: MilestoneContext;
  readonly #reached = new Map<string, Promise<void>>();

  constructor(context: MilestoneContext) {
    this.#context = context;
  }

  /** Settles when it is reached; rejects by its deadline, or with the reason for which the run ends. */
  reach({ on, until }: WaitsFor): Promise<void> {
    const key = `${on} ${until}`;
    const reached = this.#reached.get(key) ?? this.#workFor(on, until);
    this.#reached.set(key, reached);
    return reached;
  }

  async #workFor(on: string, until: WaitsFor["until"]): Promise<void> {
    const { run, taskManagers, config, onTopic, flink } = this.#context;
    switch (until) {
      case "topicReady":
        onTopic(await this.#awaitTopic());
        await flink?.createResultTopic();
        return;
      case "registered": {
        flink?.watch();
        const names = taskManagers();
        const what = `registration of ${names.length} TaskManagers`;
        await this.#waitFor(what, REGISTERED_MS_MAX, () =>
          names.every((name) => run.seen.job.registered.includes(name)),
        );
        return;
      }
      case "jobRunning": {
        const { partitions } = config();
        const what = `the job RUNNING with ${partitions} partitions owned`;
        if (flink === null) await this.#waitFor(what, RUNNING_MS_MAX, () => isFullyOwned(run.seen.job, partitions));
        else await flink.submit();
        run.seen.job = markStarted(run.seen.job);
        return;
      }
      default:
        throw createError("ASSERTION_FAILED", { what: `nobody reaches ${on} ${until} at the start` });
    }
  }

  async #waitFor(what: string, deadlineMs: number, look: () => boolean): Promise<void> {
    const { feed, ending, tellWait } = this.#context.run;
    feed.emit({ type: "waiting", for: what, waitedMs: 0, deadlineMs });
    const reached = waitUntil(() => (look() ? true : undefined), { what, deadlineMs, signal: ending.signal });
    await tellWait({ what, deadlineMs }, reached);
  }

  #awaitTopic(): Promise<PreparedTopic> {
    const { run, config } = this.#context;
    const what = `topic ${config().topic} to be there, with a leader for each partition`;
    return run.tellWait({ what, deadlineMs: TOPIC_MS_MAX }, this.#prepareTopic());
  }

  #prepareTopic(): Promise<PreparedTopic> {
    const { run, config, kafka } = this.#context;
    const { options, ending } = run;
    recordEvidence(run, config());
    return prepareTopic({
      kafka: kafka(),
      topic: config().topic,
      partitions: options.partitions,
      partitionsDefault: partitionsOf(options),
      taskManagers: options.taskManagers,
      willProduce: options.messages > 0 || options.topic === null,
      isNamed: options.topic !== null,
      savepoint: options.fromSavepoint === null ? null : readSavepoint(options.fromSavepoint),
      loadOf: (partitions) => topicLoadOf(options, partitions),
      log: createLog((line) => run.logOf("kafka").write(line)),
      signal: ending.signal,
    });
  }
}
