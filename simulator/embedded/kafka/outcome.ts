/** What a request comes to. Handlers are synchronous and know no socket; the connection carries the outcome out. */
import type { PartitionLog } from "./partition-log.ts";

export type Outcome =
  /** The chunks of one response frame. */
  | { readonly kind: "answer"; readonly frame: readonly Buffer[] }
  /** A produce request with acks=0 wants no response. */
  | { readonly kind: "silent" }
  | LongPoll
  | Later
  /** The protocol has no answer for this: the connection ends, this one only. */
  | { readonly kind: "close"; readonly reason: string };

/** A fetch that found too little: answered once `bytesMissing` more are in one of the logs, or the time is over. */
export interface LongPoll {
  readonly kind: "wait";
  readonly logs: readonly PartitionLog[];
  readonly bytesMissing: number;
  /** Only what is below the last stable offset counts. */
  readonly committedOnly: boolean;
  readonly maxWaitMs: number;
  readonly finish: () => readonly Buffer[];
}

/** Answered when others have done their part: the members of a group. */
export interface Later {
  readonly kind: "later";
  /** Must be called at once. `onReady` gets the chunks of the response frame, unless the wait was cancelled. */
  readonly wait: (onReady: (frame: readonly Buffer[]) => void) => { cancel(): void };
}
