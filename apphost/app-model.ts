/**
 * READ THIS FILE FIRST. It is the whole system: every resource, and who waits for whom, as data.
 *
 *   kafka ──┬─ jobmanager ── taskmanager-01…NN ── flink-job-simulator      standing: restarted when they die
 *   redis ──┘                                          │
 *                                          producer ── validator ── report  once a round
 *
 * Loading code is most of what a start costs, so the processes of standing resources are forked at once and load while
 * they wait; what they do after that, and the addresses they do it with, they are told when all they wait for is reached.
 *
 * Starting walks this graph forwards, stopping backwards (`orchestrator/`). How each kind of resource is started is in
 * `resources/` and `drivers/`; nothing there decides an order.
 */
import { taskManagerName } from "../simulator/common/contract/names.ts";
import { type Application, createApplication } from "./model/application.ts";
import type { ResourceDeclaration, WaitsFor } from "./model/resource.ts";

export const TASK_MANAGERS = "taskmanager";

export function describeApplication(options: {
  readonly taskManagers: number;
  readonly kafkaUi?: boolean;
}): Application {
  const application = createApplication()
    .add(standing("kafka", "kafka", []))
    .add(standing("redis", "redis", []))
    .add(
      standing("jobmanager", "jobmanager", [
        // The JobManager writes checkpoint 0 with the start offsets, so the topic must be there.
        { on: "kafka", until: "topicReady" },
        { on: "redis", until: "ready" },
      ]),
    );
  // Nobody waits for it.
  if (options.kafkaUi) {
    const ui = standing("kafka-ui", "kafka-ui", [{ on: "kafka", until: "ready" }]);
    application.add({ ...ui, loadsEarly: false });
  }
  for (let number = 1; number <= options.taskManagers; number += 1) {
    application.add({
      name: taskManagerName(number),
      kind: "taskmanager",
      life: "standing",
      group: TASK_MANAGERS,
      waitsFor: [{ on: "jobmanager", until: "ready" }],
      loadsEarly: true,
    });
  }
  return (
    application
      // With all TaskManagers there, the first assignment is the final one: no partition moves during the run.
      .add(standing("flink-job-simulator", "flink-job-simulator", [{ on: TASK_MANAGERS, until: "registered" }]))
      .add(task("producer", "producer", [{ on: "flink-job-simulator", until: "jobRunning" }]))
      .add(
        task("validator", "validator", [
          { on: "producer", until: "produced" },
          { on: "jobmanager", until: "drained" },
        ]),
      )
      .add(task("report", "report", [{ on: "validator", until: "finished" }]))
      .build()
  );
}

function standing(name: string, kind: ResourceDeclaration["kind"], waitsFor: readonly WaitsFor[]): ResourceDeclaration {
  return { name, kind, life: "standing", group: null, waitsFor, loadsEarly: waitsFor.length > 0 };
}

function task(name: string, kind: ResourceDeclaration["kind"], waitsFor: readonly WaitsFor[]): ResourceDeclaration {
  return { name, kind, life: "task", group: null, waitsFor, loadsEarly: false };
}
