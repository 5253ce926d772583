/** DescribeLogDirs (35): how many bytes each partition has, by folder. */
import {
  array,
  beforeUnused,
  boolean,
  defineApi,
  type Field,
  int16,
  int32,
  int64,
  nullableArray,
  since,
  string,
  struct,
} from "../schema.ts";

export interface DescribeLogDirsRequest {
  /** Null: all. */
  readonly topics: readonly { readonly name: string; readonly partitions: readonly number[] }[] | null;
}

export interface DescribeLogDirsResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly results: readonly DescribedLogDir[];
}

export interface DescribedLogDir {
  readonly errorCode: number;
  readonly logDir: string;
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly DescribedLog[];
  }[];
  /** From v4 on. */
  readonly totalBytes: number;
  readonly usableBytes: number;
}

export interface DescribedLog {
  readonly p: number;
  readonly sizeBytes: number;
  readonly offsetLag: number;
  readonly isFuture: boolean;
}

const request: Field<DescribeLogDirsRequest> = struct({
  topics: nullableArray(struct({ name: string, partitions: array(int32) })),
});

const response: Field<DescribeLogDirsResponse> = struct({
  throttleTimeMs: int32,
  errorCode: since(3, int16, 0),
  results: array(
    struct<DescribedLogDir>({
      errorCode: int16,
      logDir: string,
      topics: array(
        struct({
          name: string,
          partitions: array(struct<DescribedLog>({ p: int32, sizeBytes: int64, offsetLag: int64, isFuture: boolean })),
        }),
      ),
      totalBytes: since(4, int64, -1),
      // From v5 on: no folder is ever closed to new partitions.
      usableBytes: beforeUnused(since(4, int64, -1), since(5, boolean, false), false),
    }),
  ),
});

export const describeLogDirsApi = defineApi({
  key: 35,
  name: "DescribeLogDirs",
  minVersion: 0,
  maxVersion: 5,
  flexibleFrom: 2,
  request,
  response,
});
