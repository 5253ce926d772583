/**
 * What Flink says of a partition of the input: one row for each, whose newest version tells all. The columns of the SQL
 * table are the fields of its JSON. Pure.
 */
import { type Fields, type Parsed, parseJson } from "../../foundation/json-fields.ts";
import { SUM_MODULUS } from "../message.ts";

export interface PartitionCounts {
  readonly p: number;
  /** All that were counted, messages or not. */
  readonly records: number;
  readonly messages: number;
  /** Σ id mod 2^48 over the messages. */
  readonly idSum: number;
  readonly highestId: number;
  readonly highestOffset: number;
}

export const COUNTS_COLUMNS = {
  partition: "partition_number",
  records: "records",
  messages: "messages",
  idSum: "id_sum",
  highestId: "highest_id",
  highestOffset: "highest_offset",
} as const;

/** The value of one record. Sums over nothing are null in SQL. */
export const parseCounts = (text: string, partitions: number): Parsed<PartitionCounts> =>
  parseJson(text, (fields) => ({
    p: fields.whole(COUNTS_COLUMNS.partition, 0, partitions - 1),
    records: fields.whole(COUNTS_COLUMNS.records),
    messages: fields.whole(COUNTS_COLUMNS.messages),
    idSum: readSum(fields, COUNTS_COLUMNS.idSum, SUM_MODULUS - 1),
    highestId: readSum(fields, COUNTS_COLUMNS.highestId, Number.MAX_SAFE_INTEGER),
    highestOffset: fields.whole(COUNTS_COLUMNS.highestOffset),
  }));

const readSum = (fields: Fields, name: string, max: number): number =>
  fields.nullable(name, () => fields.whole(name, 0, max)) ?? 0;
