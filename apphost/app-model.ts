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
import { MIRROR, SQL_GATEWAY } from "../simulator/common/contract/names.ts";
import { type Application, createApplication, expandReplicas } from "./model/application.ts";
import { declareApplication } from "./model/builder.ts";
import { defineAppHost } from "./model/definition.ts";
import type { ResourceDeclaration } from "./model/resource.ts";

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

/**
 * With `--engine flink`: Apache Flink's processes bear the names of ours, and in the place of the client that submits the
 * job stands the mirror, which brings what Flink commits into Redis. Whoever waited for the one waits for the other.
 *
 *   redis ─ jobmanager ──┬─ sql-gateway ── mirror     the host submits the job to the gateway when the mirror is ready
 *                        ├─ taskmanager-NN │          the job waits for their slots
 *   kafka ───────────────┴─────────────────┘
 *
 * Starting Java is all that such a start costs. A JobManager of Flink needs no Kafka, and a job that is submitted early is
 * planned while TaskManagers load. These come after Kafka: beside twenty of them it took a minute to answer. What a job of
 * the user's commits nobody brings to Redis: there is no mirror, and the gateway comes last.
 */
export function runOnFlink(
  application: Application,
  { job, isExternal }: { readonly job: "built-in" | "of the user"; readonly isExternal: boolean },
): Application {
  const client = application.order.find(({ kind }) => kind === "flink-job-simulator");
  const last = job === "built-in" ? MIRROR : SQL_GATEWAY;
  const order = application.order.flatMap((one): readonly ResourceDeclaration[] => {
    const waitsFor = one.waitsFor.map((wait) => (wait.on === client?.name ? { ...wait, on: last } : wait));
    // Java loads when it is started, and needs what it waits for.
    const resource = { ...one, waitsFor, loadsEarly: false };
    const topic = { on: "kafka", until: "topicReady" } as const;
    if (one.kind === "jobmanager") return [{ ...resource, waitsFor: waitsFor.filter(({ on }) => on !== "kafka") }];
    if (one.kind === "taskmanager") return [{ ...resource, waitsFor: [...waitsFor, topic] }];
    if (one !== client) return [resource];
    const gateway: ResourceDeclaration = {
      name: SQL_GATEWAY,
      kind: "sql-gateway",
      life: "standing",
      group: null,
      loadsEarly: false,
      waitsFor: [{ on: "jobmanager", until: "ready" }],
    };
    if (job === "of the user") return [{ ...gateway, waitsFor: [...gateway.waitsFor, topic, ...waitsFor] }];
    const others = waitsFor.filter(({ until }) => until !== "registered");
    const mirrorWaitsFor = [...others, topic, { on: SQL_GATEWAY, until: "ready" } as const];
    return [gateway, { ...resource, name: MIRROR, kind: "mirror", waitsFor: mirrorWaitsFor }];
  });
  return createApplication(isExternal ? leaveOutTaskManagers(order) : order);
}

/** Those of a Flink that is not ours are no resources of this host: whoever waited for them waits for its JobManager. */
function leaveOutTaskManagers(order: readonly ResourceDeclaration[]): readonly ResourceDeclaration[] {
  const theirs = new Set(
    order.flatMap(({ name, group, kind }) => (kind === "taskmanager" ? [name, group ?? name] : [])),
  );
  return order.flatMap((one) => {
    if (one.kind === "taskmanager") return [];
    const others = one.waitsFor.filter(({ on }) => !theirs.has(on));
    if (others.length === one.waitsFor.length) return [one];
    return [{ ...one, waitsFor: [...others, { on: "jobmanager", until: "ready" } as const] }];
  });
}
