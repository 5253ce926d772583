/** Applications as a user declares them: everything that each needs, and what a test adds to it. */
import { builtInApplication } from "../../apphost/app-model.ts";
import { expandReplicas } from "../../apphost/model/application.ts";
import { type DeclaredApplication, declareApplication } from "../../apphost/model/builder.ts";
import type { AppBuilder, JobManagerResource, KafkaResource, RedisResource } from "../../apphost/model/capabilities.ts";
import { findProblems } from "../../apphost/model/checks.ts";
import { defineAppHost } from "../../apphost/model/definition.ts";

export interface BuiltIn {
  readonly kafka: KafkaResource;
  readonly redis: RedisResource;
  readonly jobManager: JobManagerResource;
  readonly taskManagers: ReturnType<AppBuilder["addTaskManagers"]>;
  readonly job: ReturnType<AppBuilder["addFlinkJobSimulator"]>;
  readonly producer: ReturnType<AppBuilder["addProducer"]>;
  readonly validator: ReturnType<AppBuilder["addValidator"]>;
  readonly report: ReturnType<AppBuilder["addReport"]>;
}

export function addBuiltIn(app: AppBuilder): BuiltIn {
  const kafka = app.addKafka("kafka");
  const redis = app.addRedis("redis");
  const jobManager = app.addJobManager("jobmanager").waitFor(redis).waitFor(kafka, { until: "topicReady" });
  const taskManagers = app.addTaskManagers("taskmanager", { replicas: 2 }).waitFor(jobManager);
  const job = app.addFlinkJobSimulator("flink-job-simulator").waitFor(taskManagers);
  const producer = app.addProducer("producer").waitFor(job);
  const validator = app.addValidator("validator").waitFor(producer).waitFor(jobManager, { until: "drained" });
  const report = app.addReport("report").waitFor(validator);
  return { kafka, redis, jobManager, taskManagers, job, producer, validator, report };
}

/** `folder` is where scripts are looked for. */
export const declareWith = (
  add: (app: AppBuilder, builtIn: BuiltIn) => void,
  folder = "/project",
): DeclaredApplication =>
  declareApplication(
    defineAppHost((app) => add(app, addBuiltIn(app))),
    folder,
  );

/** All that is wrong with it and can be known without asking the machine. */
export function problemsOf({ resources, problems }: DeclaredApplication): string[] {
  const expanded = expandReplicas(resources, { taskManagers: 2 });
  return [...problems, ...findProblems(resources, expanded, builtInApplication.resources)];
}
