/**
 * What the JobManager needs of the store: the scripts that carry its epoch, and the reads. `StateStore` of the Redis
 * client is one; tests use a small one in memory.
 */
import type {
  FenceAllAnswer,
  InitAnswer,
  InitArguments,
  PublishAnswer,
  RecoverAnswer,
  RecoverArguments,
} from "../../common/contract/state/redis-scripts.ts";
import type { StoreLife } from "../../common/contract/state/redis-state.ts";

export interface JobStore {
  /** run_id of the server that is connected now. */
  runId(): Promise<string>;
  /** From now on a script goes only to the server of this life; null lifts that. */
  expect(life: StoreLife | null): void;
  init(args: InitArguments): Promise<InitAnswer>;
  publish(args: { readonly epoch: number }): Promise<PublishAnswer>;
  fenceAll(args: { readonly epoch: number; readonly g: number }): Promise<FenceAllAnswer>;
  recover(args: RecoverArguments): Promise<RecoverAnswer>;
  /** One HGETALL: a consistent cut. */
  readHash(): Promise<Readonly<Record<string, string>>>;
}
