/**
 * The scripts: arguments and answers; `redis-script-text.ts` has the Lua, `redis-script-codec.ts` both as text. Each ends in at most one write command with absolute values, so that a
 * torn append-only file cannot split it. The embedded Redis has native twins, tested with the same cases.
 */
import type { JobState, LastBatch } from "./redis-state.ts";

export type ScriptName = "INIT" | "ACQUIRE" | "APPLY" | "PUBLISH" | "FENCE_ALL" | "RECOVER";

export interface InitArguments {
  readonly epoch: number;
  readonly life: string;
  readonly redisRunId: string;
  /** First offset by partition. */
  readonly startOffsets: readonly number[];
}
export type InitAnswer =
  /** By this call, or by an earlier try of it whose answer was lost. */
  | { readonly kind: "created" }
  /** The hash was there: its identity, with the higher epoch now stored. An empty life: fields are missing, RECOVER. */
  | { readonly kind: "exists"; readonly life: string; readonly redisRunId: string; readonly phase: JobState["phase"] }
  | { readonly kind: "refused"; readonly epoch: number };

export interface AcquireArguments {
  readonly life: string;
  readonly p: number;
  readonly g: number;
}
export type AcquireAnswer =
  | { readonly kind: "acquired"; readonly offset: number; readonly lastId: number; readonly last: LastBatch | null }
  | { readonly kind: "fenced"; readonly fence: number }
  | { readonly kind: "storeLost"; readonly life: string };

export interface ApplyArguments {
  readonly life: string;
  readonly p: number;
  readonly g: number;
  readonly tm: string;
  readonly prev: number;
  readonly next: number;
  /** Records processed: what reached the sink. */
  readonly n: number;
  readonly rejected: number;
  readonly skipped: number;
  /** Increments, each below 2^48. */
  readonly idSum: number;
  readonly idMix: number;
  /** Absolute: the last id after this batch (unchanged when n = 0). */
  readonly lastId: number;
  /** Increment: ids that did not rise, the first one compared with the last id before the batch. */
  readonly disorder: number;
  readonly sentAtUs: number;
}
export type ApplyAnswer =
  | { readonly kind: "ok"; readonly base: number }
  /** My own retry: it was applied before, with this base. */
  | { readonly kind: "dup"; readonly base: number }
  /** The store stands elsewhere: ACQUIRE again. */
  | { readonly kind: "seek"; readonly offset: number }
  | { readonly kind: "fenced"; readonly fence: number }
  /** `life` of the data found there, empty when there is none. */
  | { readonly kind: "storeLost"; readonly life: string };

export type PublishAnswer =
  | { readonly kind: "published"; readonly total: number }
  | { readonly kind: "refused"; readonly epoch: number }
  | { readonly kind: "storeLost" };

export type FenceAllAnswer =
  | { readonly kind: "fenced"; readonly total: number }
  | { readonly kind: "refused"; readonly epoch: number }
  | { readonly kind: "storeLost" };

export interface RecoverArguments {
  readonly epoch: number;
  /** All fields of the hash as they shall be: new life, present redisRunId, new fences. */
  readonly fields: Readonly<Record<string, string>>;
}
export type RecoverAnswer = { readonly kind: "recovered" } | { readonly kind: "refused"; readonly epoch: number };
