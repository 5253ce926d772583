/** From the bytes of a partition to what reaches its sink: the decoder, then the operators of the job. */
import type { RejectReason } from "../../common/contract/message.ts";
import { createOperatorChain } from "../operators/registry.ts";
import { RecordSetDecoder } from "../source/record-set-decoder.ts";
import type { PartitionContext } from "./partition-context.ts";
import type { TaskCounters } from "./task-counters.ts";

export interface DecodeOptions {
  readonly topic: string;
  readonly operators: readonly string[];
  readonly counters: TaskCounters;
  onRejected(p: number, offset: number, reason: RejectReason, value: Buffer): void;
}

/** One for all partitions of a TaskManager: they take turns. Throws OPERATOR_UNKNOWN. */
export function createDecode({ topic, operators, counters, onRejected }: DecodeOptions): PartitionContext["decode"] {
  const operate = createOperatorChain(operators);
  const decoder = new RecordSetDecoder({ topic, onRejected });
  return (fetched, fromOffset, emit) => {
    counters.bytes += fetched.end - fetched.start;
    decoder.decode(fetched, fromOffset, (records, next) => emit(operate(records), next));
  };
}
