/**
 * READ THIS FILE FIRST. It is the whole system: every resource, and who waits for whom, as data.
 *
 *   kafka ──┬─ jobmanager ── taskmanager-01…NN ── flink-job-simulator      standing: restarted when they die
 *   redis ──┘                                          │
 *                                          producer ── validator ── report  once a round
 *
 * A user's own file (`--apphost`) is written the same way, and adds programs of its own to these.
 *
 * Loading code is most of what a start costs, so the processes of standing resources are forked at once and load while
 * they wait; what they do after that, and the addresses they do it with, they are told when all they wait for is reached.
 *
 * Starting walks this graph forwards, stopping backwards (`orchestrator/`). How each kind of resource is started is in
 * `resources/` and `drivers/`; nothing there decides an order.
 */
import { type Application, createApplication, expandReplicas } from "./model/application.ts";
import { declareApplication } from "./model/builder.ts";
import { defineAppHost } from "./model/definition.ts";

export const TASK_MANAGERS = "taskmanager";

const definition = defineAppHost((app) => {
  const kafka = app.addKafka("kafka");
  const redis = app.addRedis("redis");
  // The JobManager writes checkpoint 0 with the start offsets, so the topic must be there.
  const jobManager = app.addJobManager("jobmanager").waitFor(kafka, { until: "topicReady" }).waitFor(redis);
  const taskManagers = app.addTaskManagers(TASK_MANAGERS).waitFor(jobManager);
  // With all TaskManagers there, the first assignment is the final one: no partition moves during the run.
  const job = app.addFlinkJobSimulator("flink-job-simulator").waitFor(taskManagers, { until: "registered" });

  const producer = app.addProducer("producer").waitFor(job, { until: "jobRunning" });
  const validator = app
    .addValidator("validator")
    .waitFor(producer, { until: "produced" })
    .waitFor(jobManager, { until: "drained" });
  app.addReport("report").waitFor(validator);
});

/** What there is without a user's file, and what each user's file must have, too. */
export const builtInApplication = declareApplication(definition, ".");

export const describeApplication = (options: { readonly taskManagers: number }): Application =>
  createApplication(expandReplicas(builtInApplication.resources, options));

/** With `--with-kafka-ui`. Nobody waits for it. */
export const addKafkaUi = (application: Application): Application =>
  createApplication([
    ...application.order,
    {
      name: "kafka-ui",
      kind: "kafka-ui",
      life: "standing",
      group: null,
      loadsEarly: false,
      waitsFor: [{ on: "kafka", until: "ready" }],
    },
  ]);
