import { describe, expect, it } from "vitest";
import { TopicLeaders } from "../../../../simulator/clients/kafka/topic-leaders.ts";

const told = (p: number, leader: number, leaderEpoch: number) => ({
  errorCode: 0,
  p,
  leader,
  leaderEpoch,
  replicas: [1, 2, 3],
  inSyncReplicas: [],
  offlineReplicas: [],
});

function learned(...answers: ReturnType<typeof told>[]): TopicLeaders {
  const leaders = new TopicLeaders("t");
  for (const answer of answers) leaders.learn([answer]);
  return leaders;
}

describe("the leaders of a topic", () => {
  it("E1: are those of the highest epoch, in whatever order the brokers answer", () => {
    for (const order of [
      [4, 6, 5],
      [6, 5, 4],
      [5, 4, 6],
    ]) {
      const leaders = learned(...order.map((epoch) => told(0, epoch - 3, epoch)));
      expect(leaders.leaderOf(0)).toEqual({ nodeId: 3, epoch: 6 });
    }
  });

  it("E1: are nobody while the highest epoch has none, whatever an older one says", () => {
    const leaders = learned(told(0, 1, 5), told(0, -1, 6));
    expect(leaders.learn([told(0, 1, 5)])).toBe(false);
    expect(leaders.leaderOf(0)).toBeUndefined();
    expect(leaders.describe()).toEqual({ name: "t", partitions: [{ p: 0, leader: -1 }] });
  });

  it("E2: change at the same epoch when the leader is no longer alive, and when it is again", () => {
    const leaders = learned(told(0, 1, 5));
    expect(leaders.learn([told(0, -1, 5)])).toBe(true);
    expect(leaders.leaderOf(0)).toBeUndefined();
    expect(leaders.learn([told(0, 1, 5)])).toBe(true);
    expect(leaders.leaderOf(0)).toEqual({ nodeId: 1, epoch: 5 });
  });

  it("E3: stay the same object as long as the leadership does", () => {
    const leaders = learned(told(0, 1, 5));
    const before = leaders.leaderOf(0);
    expect(leaders.learn([told(0, 1, 5)])).toBe(false);
    expect(leaders.leaderOf(0)).toBe(before);
    leaders.learn([told(0, 1, 6)]);
    expect(leaders.leaderOf(0)).not.toBe(before);
  });

  it("E4: keep a partition that an older answer leaves out", () => {
    const leaders = learned(told(0, 1, 5));
    leaders.learn([told(0, 1, 5), told(1, 2, 0)]);
    leaders.learn([told(0, 1, 5)]);
    expect(leaders.describe().partitions).toEqual([
      { p: 0, leader: 1 },
      { p: 1, leader: 2 },
    ]);
    expect(leaders.replicasOf(1)).toEqual([1, 2, 3]);
    expect(leaders.leaderOf(2)).toBeUndefined();
  });

  it("are the newest answer's where no epoch is told, and an answer without one replaces none that has it", () => {
    const leaders = learned(told(0, 1, -1), told(0, 2, -1));
    expect(leaders.leaderOf(0)).toEqual({ nodeId: 2, epoch: -1 });
    leaders.learn([told(0, 3, 0)]);
    leaders.learn([told(0, 2, -1)]);
    expect(leaders.leaderOf(0)).toEqual({ nodeId: 3, epoch: 0 });
  });
});
