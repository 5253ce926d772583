/** The fetch loop on a connection that the test plays: how long it asks the broker to wait, and what it gives up. */
import { beforeEach, describe, expect, it } from "vitest";
import type { Connection } from "../../../../simulator/clients/kafka/connection.ts";
import { type FetchQuestion, LeaderFetcher } from "../../../../simulator/clients/kafka/leader-fetcher.ts";
import { PlayedConnection } from "../../../support/played-connection.ts";
import { fetchedOf } from "../../../support/record-sets.ts";

interface Target {
  readonly name: string;
}

const leader = { nodeId: 1, epoch: 3 };

let connections: PlayedConnection[];
let wanted: FetchQuestion<Target>[];
let failures: number;
/** How many fetches were asked for when each of the records was handed out. */
let askedAtHandOut: number[];
let fetcher: LeaderFetcher<Target>;

beforeEach(async () => {
  connections = [];
  wanted = [{ target: { name: "first" }, p: 0, offset: 0, leader }];
  failures = 0;
  askedAtHandOut = [];
  fetcher = new LeaderFetcher<Target>(
    { topic: "t", maxBytesPerPartition: 1_000, minBytes: 1, maxWaitMs: 500 },
    {
      openConnection: async () => {
        const connection = new PlayedConnection();
        connections.push(connection);
        return connection as unknown as Connection;
      },
      wanted: () => wanted,
      accept: (asked, _buffer, partitions) =>
        partitions.flatMap(({ p, records }) => {
          const target = asked.get(p)?.target;
          if (target === undefined || records === undefined || records.start === records.end) return [];
          return [{ target, records: fetchedOf(Buffer.alloc(records.end - records.start), 0) }];
        }),
      handOut: () => askedAtHandOut.push(newest().asked.length),
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

describe("a fetcher to which records come (L2)", () => {
  it("asks for the next ones before it hands these out", () => {
    wanted = [...wanted, { target: { name: "second" }, p: 1, offset: 7, leader }];
    newest().answer(Buffer.alloc(80));
    newest().answer(Buffer.alloc(80));
    expect(newest().asked).toHaveLength(3);
    // The first answer had one partition, the second one two.
    expect(askedAtHandOut).toEqual([2, 3, 3]);
  });
});

describe("a fetcher to which nothing comes (L4)", () => {
  it("asks the broker to wait longer and longer, up to a bound, until records come", () => {
    for (let i = 0; i < 9; i += 1) newest().answer();
    expect(waits()).toEqual([500, 500, 500, 500, 1_000, 2_000, 4_000, 4_000, 4_000, 4_000]);
    newest().answer(Buffer.alloc(80));
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
