/**
 * The validator: reads Kafka, Redis, the ledgers and the applied logs independently of the processes that wrote them,
 * and writes `checks.json`. It ends normally when it could check, whatever the checks say; only what keeps it from
 * checking (Kafka or Redis not reachable) ends it with a failure.
 */
import { runChild } from "../../simulator/common/contract/child/child-channel.ts";
import {
  readChildEnvironment,
  readKafkaAccess,
  readRedisAddress,
  readTask,
} from "../../simulator/common/contract/child/environment.ts";
import type { ValidatorTask } from "../../simulator/common/contract/child/tasks.ts";
import type { Check } from "../../simulator/common/contract/files/report.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { writeJson } from "../../simulator/common/foundation/json-file.ts";
import { evaluateFacts, runChecksBeforeTopic, runTopicChecks } from "./evaluate.ts";
import { gatherFacts } from "./gather.ts";

await runChild(async (child) => {
  const startedMs = performance.now();
  const environment = readChildEnvironment();
  const task = readTask<ValidatorTask>();
  child.send({ type: "ready", detail: `${task.rounds} rounds, ${task.mode}` });
  const checks: Check[] = [];
  const decide = (decided: readonly Check[]) => {
    for (const check of decided) child.send({ type: "checked", check });
    checks.push(...decided);
  };
  const facts = await gatherFacts({
    environment,
    task,
    kafka: readKafkaAccess(),
    redis: readRedisAddress(),
    log: child.log,
    signal: child.stopping,
    onProgress: (progress) => child.send({ type: "validating", ...progress }),
    onFactsBeforeTopic: (known) => decide(runChecksBeforeTopic(known)),
  });
  decide(runTopicChecks(facts));
  const file = evaluateFacts(facts, { durationMs: Math.round(performance.now() - startedMs), checks });
  await writeJson(runFolder.checks(environment.runDir), file, { durable: false });
  const failed = file.checks.filter(({ status }) => status === "failed");
  const unknown = file.checks.filter(({ status }) => status === "unknown");
  for (const { id, reason } of failed) child.log.error(`${id}: ${reason}`);
  for (const { id, reason } of unknown) child.log.warn(`${id} is unknown: ${reason}`);
  const counts = `${failed.length} failed, ${unknown.length} unknown`;
  child.log.info(`${file.checks.length} checks in ${file.durationMs} ms, ${counts}`);
  const idsOf = (checks: readonly Check[]) => checks.map(({ id }) => id);
  child.send({ type: "validated", failedChecks: idsOf(failed), unknownChecks: idsOf(unknown) });
});
