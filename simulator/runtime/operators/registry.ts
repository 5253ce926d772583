/**
 * The operators of this runtime. An operator is a named function `(batch, index) → how many copies of that record are
 * kept`: 0 drops it, 1 keeps it. Pure, so that a batch that is decoded twice (after a SEEK, or by a new owner) gives the
 * same records again.
 *
 * The test operators act on the message with one id alone. A run has exactly one such message, so exactly one record is
 * dropped or repeated, however many TaskManagers there are and however often they restart.
 */
import { isOperatorName, OPERATOR_NAMES, type OperatorName } from "../../common/contract/job/operators.ts";
import { assert } from "../../common/foundation/assert.ts";
import { createError } from "../../common/foundation/errors.ts";
import { createRecordColumns, type RecordColumns, resetColumns } from "../source/record-set-decoder.ts";

export type Operator = (batch: RecordColumns, index: number) => number;

/** Turns the records of a batch into what reaches the sink. */
export type OperatorChain = (batch: RecordColumns) => RecordColumns;

const TEST_RECORD_ID = 1;
const TEST_FAILING_ID = 2_000;

const OPERATORS: Readonly<Record<OperatorName, Operator>> = {
  identity: () => 1,
  "test-drop-one": (batch, index) => (batch.ids[index] === TEST_RECORD_ID ? 0 : 1),
  "test-repeat-one": (batch, index) => (batch.ids[index] === TEST_RECORD_ID ? 2 : 1),
  "test-fail-late": (batch, index) => {
    assert(batch.ids[index] !== TEST_FAILING_ID, `operator test-fail-late takes no record with id ${TEST_FAILING_ID}`);
    return 1;
  },
};

/**
 * The chain of the named operators, in order. `identity` is left out of it, so the usual job pays nothing a record.
 * Throws OPERATOR_UNKNOWN.
 */
export function createOperatorChain(names: readonly string[]): OperatorChain {
  const steps: OperatorChain[] = [];
  for (const name of names) {
    if (!isOperatorName(name)) throw createError("OPERATOR_UNKNOWN", { name, known: OPERATOR_NAMES });
    if (name !== "identity") steps.push(createStep(OPERATORS[name]));
  }
  return (batch) => {
    let current = batch;
    for (const step of steps) current = step(current);
    return current;
  };
}

/** Applies one operator to each record. Its output columns are its own, and used again for the next batch. */
function createStep(operator: Operator): OperatorChain {
  const output = createRecordColumns(1024);
  return (batch) => {
    resetColumns(output, countKept(batch, operator));
    for (let index = 0; index < batch.count; index += 1) {
      for (let copies = operator(batch, index); copies > 0; copies -= 1) {
        output.ids[output.count] = batch.ids[index] as number;
        output.timestampsUs[output.count] = batch.timestampsUs[index] as number;
        output.count += 1;
      }
    }
    // Operators see messages only: what the source rejected or skipped is counted as it came.
    output.rejected = batch.rejected;
    output.skipped = batch.skipped;
    return output;
  };
}

function countKept(batch: RecordColumns, operator: Operator): number {
  let kept = 0;
  for (let index = 0; index < batch.count; index += 1) kept += operator(batch, index);
  return kept;
}
