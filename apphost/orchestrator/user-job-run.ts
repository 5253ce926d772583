/**
 * The user's own job in a run on Apache Flink: what it is given, how it is handed in, and how far it is.
 *
 *   read → submitted ⇄ submitted again, from a checkpoint
 *
 * U1 The statements are those of the start: a file that is changed while the run goes on changes nothing. A jar is read
 *    each time that it is handed in.
 * U2 How far it is, is what Flink has committed for the run's group: a checkpoint that holds these offsets is complete, so
 *    what came of the records below them is committed, too, or is about to be.
 * U3 Of somebody else's topic it reads what is there when the run begins. Flink commits the offset behind the last record
 *    that it has read, so that is where a partition ends for it, whatever else stands behind (`record-ends.ts`).
 */
import type { ChildMessage } from "../../simulator/common/contract/child/child-messages.ts";
import type { RunConfig, UserJobConfig } from "../../simulator/common/contract/child/run-config.ts";
import { parseKafkaAddresses } from "../../simulator/common/foundation/address.ts";
import { present } from "../../simulator/common/foundation/assert.ts";
import { createError, isAppError } from "../../simulator/common/foundation/errors.ts";
import type { KafkaAccess } from "../../simulator/common/foundation/kafka-security.ts";
import { type CountingJob, jobProperties } from "../drivers/flink/counting-job.ts";
import { runJar, uploadJar } from "../drivers/flink/jar-run.ts";
import type { FlinkCluster } from "../drivers/flink/native-flink.ts";
import { openSqlSession, type SqlSession } from "../drivers/flink/sql-gateway.ts";
import { kafkaVariables } from "../model/connection.ts";
import { createScratchTopic, type PreparedTopic, readCommittedOffsets, readRecordEnds } from "../resources/kafka.ts";
import { topicLoadOf } from "../resources/topic-settings.ts";
import type { RunContext } from "../run/run-context.ts";
import type { JarJob, SqlJob, UserJob } from "../user-job/user-job.ts";
import { fillStatement, fillText, JOB_VARIABLES, type JobVariables } from "../user-job/variables.ts";

/** Each look asks the group's coordinator by a connection of its own. */
const LOOK_INTERVAL_MS = 1_000;

export interface UserJobContext {
  readonly run: RunContext;
  /** As it is now: the topic changes it. */
  readonly config: () => RunConfig;
  /** Throws before Kafka was launched. */
  readonly kafka: () => KafkaAccess;
  /** Null before it is there. */
  readonly topic: () => PreparedTopic | null;
  /** What `env` prints of the servers. */
  readonly variables: () => JobVariables;
  /** What a JobManager of ours would say. */
  readonly deliver: (message: ChildMessage) => void;
}

export class UserJobRun {
  readonly #context: UserJobContext;
  readonly #job: UserJob;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(context: UserJobContext, job: UserJob) {
    this.#context = context;
    this.#job = job;
  }

  /** What the job is to fill. It may have any number of rows, so nothing is ever deleted from it. */
  async createOutputTopic(): Promise<void> {
    const { run, kafka, config } = this.#context;
    const { partitions } = config();
    await createScratchTopic(kafka(), {
      topic: this.#config.outputTopic,
      partitions,
      partitionsDefault: partitions,
      loadOf: (count) => topicLoadOf(run.options, count),
      signal: run.ending.signal,
    });
  }

  /** `job`: as the built-in one would be submitted. Throws USER_JOB_REFUSED, JAR_REFUSED or USER_JOB_ABSENT. */
  async submit({ gatewayUrl, restUrl }: Pick<FlinkCluster, "gatewayUrl" | "restUrl">, job: CountingJob): Promise<void> {
    const submitted =
      this.#job.kind === "sql"
        ? await this.#submitSql(this.#job, gatewayUrl, job)
        : [await this.#submitJar(this.#job, restUrl, job)];
    if (!submitted.includes(job.jobId)) {
      throw createError("USER_JOB_ABSENT", { source: this.#job.file, jobId: job.jobId });
    }
  }

  /** U2. */
  async look(signal: AbortSignal): Promise<void> {
    if (performance.now() - this.#lookedAtMs < LOOK_INTERVAL_MS) return;
    this.#lookedAtMs = performance.now();
    const offsets = await readCommittedOffsets(this.#context.kafka(), this.#context.config(), signal);
    const starts = this.#context.topic()?.startOffsets ?? [];
    const total = offsets.reduce((sum, offset, p) => sum + Math.max(0, offset - (starts[p] ?? 0)), 0);
    this.#context.deliver({ type: "mirrored", offsets, total });
  }

  /** Which offsets it will have committed when it has read up to these (U3). */
  async findCommittedEnds(endOffsets: readonly number[]): Promise<readonly number[]> {
    const { run, config, kafka, topic: prepared } = this.#context;
    const { topic, ownTopic } = config();
    if (ownTopic) return endOffsets;
    const { startOffsets } = present(prepared(), "the topic");
    return readRecordEnds(kafka(), { topic, startOffsets, endOffsets }, run.ending.signal);
  }

  /** The topics and the group, for `env`. */
  variables(): Record<string, string> {
    const { topic, group } = this.#context.config();
    const { input, output, group: groupId } = JOB_VARIABLES;
    return { [input]: topic, [output]: this.#config.outputTopic, [groupId]: group };
  }

  get #config(): UserJobConfig {
    return present(this.#context.config().userJob, "the user's job");
  }

  /** Flink may reach Kafka by another address than this machine. */
  #variablesFor(bootstrap: string): JobVariables {
    const addresses = present(parseKafkaAddresses(bootstrap), "the address of Kafka");
    return { ...this.#context.variables(), ...kafkaVariables(addresses), ...this.variables() };
  }

  async #submitSql({ file, statements }: SqlJob, gatewayUrl: string, job: CountingJob): Promise<string[]> {
    const session = await openSqlSession(gatewayUrl, jobProperties(job), this.#context.run.ending.signal);
    const variables = this.#variablesFor(job.bootstrap);
    const submitted: string[] = [];
    for (const { tokens, line, effect } of statements) {
      const jobId = await executeStatement(session, fillStatement(tokens, variables), { source: file, line });
      if (jobId !== null && effect === "job") submitted.push(jobId);
    }
    await session.close();
    return submitted;
  }

  /** A JobManager that was started again has forgotten the jar, so it is uploaded each time. */
  async #submitJar(jar: JarJob, restUrl: string, job: CountingJob): Promise<string> {
    const { signal } = this.#context.run.ending;
    const { jobId, parallelism, restoreFrom } = job;
    const variables = this.#variablesFor(job.bootstrap);
    const run = {
      entryClass: jar.entryClass,
      programArguments: jar.programArguments.map((word) => fillText(word, variables)),
      jobId,
      parallelism,
      restoreFrom,
      configuration: jobProperties(job),
    };
    return runJar(restUrl, await uploadJar(restUrl, jar.file, signal), run, signal);
  }
}

async function executeStatement(
  session: SqlSession,
  statement: string,
  place: { readonly source: string; readonly line: number },
): Promise<string | null> {
  try {
    return await session.execute(statement);
  } catch (error) {
    if (!isAppError(error) || error.code !== "SQL_REFUSED") throw error;
    throw createError("USER_JOB_REFUSED", { ...place, reason: error.message }, error);
  }
}
