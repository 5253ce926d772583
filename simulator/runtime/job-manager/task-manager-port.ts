/** What a job needs of the TaskManagers: who is there, and a way to send them orders. */
import type { HeldPartition, JobManagerToTaskManager } from "../../common/contract/job/rpc.ts";

type Unstamped<M> = M extends { readonly epoch: number } ? Omit<M, "epoch"> : never;
/** A message to a TaskManager; the RPC server adds the epoch. */
export type Order = Unstamped<JobManagerToTaskManager>;

/** The TaskManagers that are registered now. */
export interface TaskManagerPort {
  names(): readonly string[];
  /** What it said it holds when it registered. */
  heldBy(tm: string): readonly HeldPartition[];
  send(tm: string, order: Order): void;
}
