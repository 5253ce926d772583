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

/** The cluster is planned when the first of its processes is started. */
export interface PlannedCluster {
  plan(): Promise<FlinkCluster>;
  /** Null before it is planned. */
  readonly current: FlinkCluster | null;
}

export const planFlinkJobManager = (
  declaration: ResourceDeclaration,
  cluster: PlannedCluster,
  createHooks: CreateHooks,
): ResourcePlan =>
  createPlan(declaration, cluster, {
    endpoint: ({ restUrl }) => new URL(restUrl).host,
    start: (planned) => planned.startJobManager(createHooks(declaration.name)),
    waitReady: ({ restUrl }, signal) => waitForJobManager(restUrl, signal),
  });

export const planFlinkSqlGateway = (
  declaration: ResourceDeclaration,
  cluster: PlannedCluster,
  createHooks: CreateHooks,
): ResourcePlan =>
  createPlan(declaration, cluster, {
    endpoint: ({ gatewayUrl }) => new URL(gatewayUrl).host,
    start: (planned) => planned.startSqlGateway(createHooks(declaration.name)),
    waitReady: ({ gatewayUrl }, signal) => waitForSqlGateway(gatewayUrl, signal),
  });

/** Ready is registered: a TaskManager that the JobManager does not know takes no work. */
export function planFlinkTaskManager(
  declaration: ResourceDeclaration,
  cluster: PlannedCluster,
  createHooks: CreateHooks,
): ResourcePlan {
  const { name } = declaration;
  let registered: RegisteredTaskManager | null = null;
  return createPlan(declaration, cluster, {
    endpoint: () => null,
    start: (planned) => planned.startTaskManager(name, createHooks(name)),
    async waitReady({ restUrl }, signal) {
      const formerPath = registered?.path ?? null;
      registered = await waitForTaskManager(restUrl, { name, formerPath }, signal);
    },
  });
}

function createPlan(
  declaration: ResourceDeclaration,
  cluster: PlannedCluster,
  process: {
    readonly endpoint: (cluster: FlinkCluster) => string | null;
    readonly start: (cluster: FlinkCluster) => RunningServer | Promise<RunningServer>;
    readonly waitReady: (cluster: FlinkCluster, signal: AbortSignal) => Promise<unknown>;
  },
): ResourcePlan {
  return {
    declaration,
    isServer: false,
    endpoint: () => (cluster.current === null ? null : process.endpoint(cluster.current)),
    launch: async () => process.start(await cluster.plan()),
    waitReady: async ({ signal }) => void (await process.waitReady(await cluster.plan(), signal)),
    judge: (end) => judgeFlinkProcess(declaration.name, end),
  };
}

/** What never served has a reason in its last lines that a further start would only repeat. */
const judgeFlinkProcess = (name: string, end: ProcessEnd): Judgement =>
  end.everReady && end.exit.kind !== "notStarted" ? "restart" : exitError(name, end);
