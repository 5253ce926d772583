/** TxnOffsetCommit (28): a group's positions, which count once the transaction is committed. */
import { array, defineApi, type Field, int16, int32, int64, nullableString, since, string, struct } from "../schema.ts";
import type { OffsetCommitResponse, OffsetToCommit } from "./offset-commit.ts";

export interface TxnOffsetCommitRequest {
  readonly transactionalId: string;
  readonly group: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  /** From v3 on: the member whose positions they are. -1, "" and null: not known. */
  readonly generation: number;
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly topics: readonly { readonly name: string; readonly partitions: readonly OffsetToCommit[] }[];
}

export type TxnOffsetCommitResponse = OffsetCommitResponse;

const request: Field<TxnOffsetCommitRequest> = struct({
  transactionalId: string,
  group: string,
  producerId: int64,
  producerEpoch: int16,
  generation: since(3, int32, -1),
  memberId: since(3, string, ""),
  instanceId: since(3, nullableString, null),
  topics: array(
    struct({
      name: string,
      partitions: array(
        struct({ p: int32, offset: int64, leaderEpoch: since(2, int32, -1), metadata: nullableString }),
      ),
    }),
  ),
});

const response: Field<TxnOffsetCommitResponse> = struct({
  throttleTimeMs: int32,
  topics: array(struct({ name: string, partitions: array(struct({ p: int32, errorCode: int16 })) })),
});

/** Version 5 would add the group to the transaction by the way (KIP-890). */
export const txnOffsetCommitApi = defineApi({
  key: 28,
  name: "TxnOffsetCommit",
  minVersion: 0,
  maxVersion: 4,
  flexibleFrom: 3,
  request,
  response,
});
