/** The reader on connections that the test plays: what it hands out, and when. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FetchedRecords } from "../../../../simulator/clients/kafka/assigned-partition.ts";
import type { KafkaCluster } from "../../../../simulator/clients/kafka/cluster.ts";
import type { Connection } from "../../../../simulator/clients/kafka/connection.ts";
import { PartitionReader } from "../../../../simulator/clients/kafka/consumer.ts";
import { RecordSetDecoder } from "../../../../simulator/runtime/source/record-set-decoder.ts";
import { PlayedConnection } from "../../../support/played-connection.ts";
import { atOffset, batchOf, messageOf, withAttributes } from "../../../support/record-sets.ts";

const P = 3;
const leader = { nodeId: 1, epoch: 3 };

let connection: PlayedConnection;
let onRecords: (records: FetchedRecords) => void;
let errors: string[];
let reader: PartitionReader;

beforeEach(async () => {
  connection = new PlayedConnection();
  errors = [];
  const cluster = {
    openConnection: async () => connection as unknown as Connection,
    watchLeaders: () => () => undefined,
    leaderOf: () => leader,
  };
  reader = new PartitionReader({
    cluster: cluster as unknown as KafkaCluster,
    topic: "t",
    onRecords: (records) => onRecords(records),
    onError: (_p, error) => errors.push(error.message),
  });
  reader.assign(P, 0);
  await new Promise((resolve) => setImmediate(resolve));
});
afterEach(() => reader.close());

const twoMessages = batchOf(0, [messageOf(1, 1), messageOf(2, 1)]);
const marker = atOffset(withAttributes(batchOf(0, ["x"]), 0x30), 2);

describe("PartitionReader", () => {
  it("has the next fetch under way, from where these records end, when it hands them out (L2)", () => {
    const asked: (number | undefined)[] = [];
    onRecords = () => asked.push(connection.asked[1]?.topics[0]?.partitions[0]?.fetchOffset);
    connection.answer(twoMessages);
    expect(asked).toEqual([2]);
  });

  it("hands out the marker of a transaction, which the decoder skips and counts (B3)", () => {
    const batches: { count: number; skipped: number; next: number }[] = [];
    const decoder = new RecordSetDecoder({ topic: "t", operate: (columns) => columns, onRejected: () => undefined });
    onRecords = (records) =>
      decoder.decode(records, { add: ({ count, skipped }, next) => batches.push({ count, skipped, next }) });
    connection.answer(Buffer.concat([twoMessages, marker]));
    expect(errors).toEqual([]);
    expect(batches).toEqual([
      { count: 2, skipped: 0, next: 2 },
      { count: 0, skipped: 1, next: 3 },
    ]);
    expect(connection.asked[1]?.topics[0]?.partitions).toMatchObject([{ p: P, fetchOffset: 3 }]);
  });

  it("drops what is on its way to a partition that is assigned anew by the records before it (R1)", () => {
    reader.assign(P + 1, 0);
    onRecords = () => undefined;
    connection.answer(twoMessages);
    const handedOut: number[] = [];
    // P + 1 has waited longer, so its records come first.
    onRecords = ({ p }) => {
      handedOut.push(p);
      reader.assign(P, 4);
    };
    connection.answer(atOffset(Buffer.from(twoMessages), 2));
    expect([handedOut, errors]).toEqual([[P + 1], []]);
  });
});
