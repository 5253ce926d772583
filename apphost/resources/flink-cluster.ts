/** The processes of a Flink cluster as resources: what starts them, when they serve, and what their end means. */
import {
  type RegisteredTaskManager,
  waitForJobManager,
  waitForSqlGateway,
  waitForTaskManager,
} from "../drivers/flink/flink-rest.ts";
import type { FlinkCluster } from "../drivers/flink/native-flink.ts";
import type { ResourceDeclaration } from "../model/resource.ts";
import type { ChildHooks, RunningServer } from "../processes/child-process.ts";
import type { Judgement, ProcessEnd, ResourcePlan } from "../processes/resource-plan.ts";
import { exitError } from "./own-program.ts";

/** Of the resource with this name. */
export type CreateHooks = (name: string) => ChildHooks;

export const planFlinkJobManager = (
  declaration: ResourceDeclaration,
  cluster: FlinkCluster,
  createHooks: CreateHooks,
): ResourcePlan =>
  createPlan(declaration, {
    endpoint: cluster.restUrl,
    start: () => cluster.startJobManager(createHooks(declaration.name)),
    waitReady: (signal) => waitForJobManager(cluster.restUrl, signal),
  });

export const planFlinkSqlGateway = (
  declaration: ResourceDeclaration,
  cluster: FlinkCluster,
  createHooks: CreateHooks,
): ResourcePlan =>
  createPlan(declaration, {
    endpoint: cluster.gatewayUrl,
    start: () => cluster.startSqlGateway(createHooks(declaration.name)),
    waitReady: (signal) => waitForSqlGateway(cluster.gatewayUrl, signal),
  });

/** Ready is registered: a TaskManager that the JobManager does not know takes no work. */
export function planFlinkTaskManager(
  declaration: ResourceDeclaration,
  cluster: FlinkCluster,
  createHooks: CreateHooks,
): ResourcePlan {
  const { name } = declaration;
  let registered: RegisteredTaskManager | null = null;
  return createPlan(declaration, {
    endpoint: null,
    start: () => cluster.startTaskManager(name, createHooks(name)),
    async waitReady(signal) {
      const formerPath = registered?.path ?? null;
      registered = await waitForTaskManager(cluster.restUrl, { name, formerPath }, signal);
    },
  });
}

function createPlan(
  declaration: ResourceDeclaration,
  process: {
    readonly endpoint: string | null;
    readonly start: () => RunningServer;
    readonly waitReady: (signal: AbortSignal) => Promise<unknown>;
  },
): ResourcePlan {
  return {
    declaration,
    isServer: false,
    endpoint: () => process.endpoint,
    launch: async () => process.start(),
    waitReady: async ({ signal }) => void (await process.waitReady(signal)),
    judge: (end) => judgeFlinkProcess(declaration.name, end),
  };
}

/** What never served has a reason in its last lines that a further start would only repeat. */
const judgeFlinkProcess = (name: string, end: ProcessEnd): Judgement =>
  end.everReady && end.exit.kind !== "notStarted" ? "restart" : exitError(name, end);
