/**
 * The package as a library: what a user's own app host, and a user's tests, are written with.
 *
 * The types of what stands here must compile in a project that has this package and no other types, Node's included, with
 * any `lib` and without `skipLibCheck`: no file that their declarations reach may name a package or `NodeJS`.
 */
import "./library-node-check.ts";

export type { VerdictEvent } from "../simulator/common/contract/events.ts";
export {
  type Amount,
  defineExpectation,
  type Expectation,
  type ExpectationDefinition,
  type ExpectedRecord,
  type Identity,
  type TopicRecord,
} from "../simulator/common/contract/expectation.ts";
export type {
  AppBuilder,
  FlinkJobSimulatorResource,
  HealthCheckOptions,
  JobManagerResource,
  KafkaResource,
  NodeProcessResource,
  NodeProcessSettings,
  ProducerResource,
  RedisResource,
  ReportResource,
  RestartOptions,
  TaskManagersResource,
  ValidatorResource,
  WaitOptions,
} from "./model/capabilities.ts";
export { type AppHostDefinition, defineAppHost } from "./model/definition.ts";
export { type Reference, type ReferenceText, ref } from "./model/reference.ts";
export type { WaitStatus } from "./model/resource.ts";
export { type RunningAppHost, type StartOptions, startAppHost } from "./running-app-host.ts";
