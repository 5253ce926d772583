/** The fetch loop on a connection that the test plays: how long it asks the broker to wait, and what it gives up. */
import { beforeEach, describe, expect, it } from "vitest";
import type { AnswerHandler, Connection } from "../../../../simulator/clients/kafka/connection.ts";
import { type FetchQuestion, LeaderFetcher } from "../../../../simulator/clients/kafka/leader-fetcher.ts";
import { type FetchRequest, fetchApi } from "../../../../simulator/clients/kafka/wire/apis/fetch.ts";
import { encodeResponseFrame } from "../../../../simulator/clients/kafka/wire/frame.ts";
import { Reader } from "../../../../simulator/clients/kafka/wire/reader.ts";
import { createError } from "../../../../simulator/common/foundation/errors.ts";

const VERSION = fetchApi.maxVersion;
/** Size and correlation id, which the connection reads. */
const HEADER_BYTES = 8;

interface Target {
  readonly name: string;
}

const leader = { nodeId: 1, epoch: 3 };

/** One connection: what was asked on it, and its end. */
class PlayedConnection {
  readonly endpoint = "played:1";
  isOpen = true;
  readonly asked: FetchRequest[] = [];
  #handler: AnswerHandler | null = null;

  sendInPlace(_api: unknown, request: FetchRequest, handler: AnswerHandler): void {
    this.asked.push(request);
    this.#handler = handler;
  }

  /** Answers the fetch in flight; `bytes` of records for each partition. */
  answer(bytes = 0): void {
    const partitions = (this.asked.at(-1)?.topics[0]?.partitions ?? []).map(({ p }) => ({
      ...{ p, errorCode: 0, highWatermark: 0, lastStableOffset: 0, logStartOffset: 0, abortedTransactions: null },
      records: bytes === 0 ? [] : [Buffer.alloc(bytes)],
    }));
    const topics = [{ name: "t", partitions }];
    const frame = Buffer.concat(
      encodeResponseFrame(1, (w) =>
        fetchApi.encodeResponse(w, VERSION, { throttleTimeMs: 0, errorCode: 0, sessionId: 0, topics }),
      ),
    );
    const handler = this.#handler;
    this.#handler = null;
    handler?.onAnswer(new Reader(frame, HEADER_BYTES, frame.length), VERSION);
  }

  close(): void {
    this.isOpen = false;
    const handler = this.#handler;
    this.#handler = null;
    handler?.onFailure(createError("KAFKA_CLOSED", { what: "the played connection" }));
  }
}

let connections: PlayedConnection[];
let wanted: FetchQuestion<Target>[];
let failures: number;
let fetcher: LeaderFetcher<Target>;

beforeEach(async () => {
  connections = [];
  wanted = [{ target: { name: "first" }, p: 0, offset: 0, leader }];
  failures = 0;
  fetcher = new LeaderFetcher<Target>(
    { topic: "t", maxBytesPerPartition: 1_000, minBytes: 1, maxWaitMs: 500 },
    {
      openConnection: async () => {
        const connection = new PlayedConnection();
        connections.push(connection);
        return connection as unknown as Connection;
      },
      wanted: () => wanted,
      accept: (_asked, _buffer, partitions) =>
        partitions.flatMap(({ records }) =>
          records === undefined || records.start === records.end ? [] : [() => undefined],
        ),
      failed: () => {
        failures += 1;
      },
      silent: () => undefined,
    },
  );
  fetcher.pump();
  await turn();
});

const turn = () => new Promise((resolve) => setImmediate(resolve));
const newest = () => connections.at(-1) as PlayedConnection;
const waits = () => newest().asked.map(({ maxWaitMs }) => maxWaitMs);

describe("a fetcher to which nothing comes (L4)", () => {
  it("asks the broker to wait longer and longer, up to a bound, until records come", () => {
    for (let i = 0; i < 9; i += 1) newest().answer();
    expect(waits()).toEqual([500, 500, 500, 500, 1_000, 2_000, 4_000, 4_000, 4_000, 4_000]);
    newest().answer(80);
    expect(waits().at(-1)).toBe(500);
  });

  it("gives the long fetch up for a partition that is wanted meanwhile, and asks for both at once", async () => {
    for (let i = 0; i < 8; i += 1) newest().answer();
    const idle = newest();
    wanted = [...wanted, { target: { name: "second" }, p: 1, offset: 7, leader }];
    fetcher.pump();
    await turn();
    expect([idle.isOpen, connections.length, failures]).toEqual([false, 2, 0]);
    expect(newest().asked).toMatchObject([
      {
        maxWaitMs: 500,
        topics: [
          {
            partitions: [
              { p: 0, fetchOffset: 0 },
              { p: 1, fetchOffset: 7 },
            ],
          },
        ],
      },
    ]);
  });

  it("gives it up for a partition that is read from elsewhere now", async () => {
    for (let i = 0; i < 8; i += 1) newest().answer();
    wanted = [{ target: { name: "the same, assigned anew" }, p: 0, offset: 3, leader }];
    fetcher.pump();
    await turn();
    expect(newest().asked[0]?.topics[0]?.partitions).toMatchObject([{ p: 0, fetchOffset: 3 }]);
    expect(failures).toBe(0);
  });

  it("gives it up for a partition that is led anew, whose answer would not count", async () => {
    for (let i = 0; i < 8; i += 1) newest().answer();
    wanted = wanted.map((question) => ({ ...question, leader: { ...question.leader, epoch: 9 } }));
    fetcher.pump();
    await turn();
    expect(newest().asked[0]?.topics[0]?.partitions).toMatchObject([{ p: 0, currentLeaderEpoch: 9 }]);
    expect([connections.length, failures]).toEqual([2, 0]);
  });

  it("keeps it when nothing else is wanted, and an ordinary one in any case", async () => {
    wanted = [...wanted, { target: { name: "second" }, p: 1, offset: 7, leader }];
    fetcher.pump();
    await turn();
    expect(connections).toHaveLength(1);
    for (let i = 0; i < 9; i += 1) newest().answer();
    wanted = wanted.slice(1);
    fetcher.pump();
    fetcher.pump();
    await turn();
    expect(connections).toHaveLength(1);
    expect(newest().isOpen).toBe(true);
  });
});
