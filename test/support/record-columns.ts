import { createRecordColumns, type RecordColumns } from "../../simulator/runtime/source/record-set-decoder.ts";

/** Columns with these ids, and these stamps (0 where none is given). */
export function columnsOf(ids: readonly number[], timestampsUs: readonly number[] = []): RecordColumns {
  const columns = createRecordColumns(ids.length);
  ids.forEach((id, i) => {
    columns.ids[i] = id;
    columns.timestampsUs[i] = timestampsUs[i] ?? 0;
  });
  columns.count = ids.length;
  return columns;
}
