/**
 * The decoded records of one batch, as columns that are filled again for each batch: no object a record. Row i is the
 * i-th message of the batch; what was rejected or skipped has no row and is only counted.
 */
export interface RecordColumns {
  /** Rows in use; the arrays are at least this long. */
  count: number;
  ids: Float64Array;
  /** Run time in µs at which the message was sent; 0 = the message has no readable stamp. */
  timestampsUs: Float64Array;
  rejected: number;
  /** Offsets without a committed record. */
  skipped: number;
}

export const createRecordColumns = (capacity: number): RecordColumns => ({
  count: 0,
  ids: new Float64Array(capacity),
  timestampsUs: new Float64Array(capacity),
  rejected: 0,
  skipped: 0,
});

/** Empties the columns and makes room for `capacity` rows. Contents are not kept. */
export function resetColumns(columns: RecordColumns, capacity: number): void {
  columns.count = 0;
  columns.rejected = 0;
  columns.skipped = 0;
  if (columns.ids.length >= capacity) return;
  columns.ids = new Float64Array(capacity);
  columns.timestampsUs = new Float64Array(capacity);
}
