/**
 * Asks the leaders for the earliest or latest offsets of their partitions, such that an answer can decide something.
 *
 * O1 A leader that was replaced while it was paused answers as if it still led. So an answer counts only when all brokers
 *    were asked after it, and none knows a higher epoch. Where there is one broker, nobody can know better.
 * O2 A broker that could lead the partition, that the cluster counts as alive, and that does not answer might be the one
 *    that leads it by now: then the answer is asked for again, until that broker answers or the cluster counts it as dead.
 * O3 One that counts as alive for longer than any session lasts, and still does not answer, cannot be reached from here
 *    at all. When most brokers answer, these have a controller and have learned of any election by then, so what they say
 *    all that time counts. When only a few do, they may be the ones that are cut off, and nothing is certain.
 * O4 A partition whose answer counted keeps it over further attempts.
 */
import { formatHostPort } from "../../common/foundation/address.ts";
import { type AppError, createError } from "../../common/foundation/errors.ts";
import type { Broker } from "./connection-pool.ts";
import { type Attempt, checkCode, isConnectionFailure } from "./retry.ts";
import { isStale, type PartitionLeader } from "./topic-leaders.ts";
import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP, type ListedOffset, listOffsetsApi } from "./wire/apis/list-offsets.ts";
import type { Api } from "./wire/frame.ts";

export interface LeaderDirectory {
  readonly brokers: readonly Broker[];
  leaderOf(topic: string, p: number): PartitionLeader | undefined;
  replicasOf(topic: string, p: number): readonly number[];
  refreshTopic(name: string): Promise<unknown>;
  surveyTopic(name: string): Promise<readonly Broker[]>;
  askNode<Q, S, DQ, DS>(nodeId: number, api: Api<Q, S, DQ, DS>, request: Q): Promise<DS>;
}

export interface OffsetsQuestion {
  readonly topic: string;
  readonly partitions: readonly number[];
  readonly which: "earliest" | "latest";
  readonly committed: boolean;
}

/** What a leader said, to be confirmed. */
interface Claim {
  readonly p: number;
  readonly offset: number;
  readonly leader: PartitionLeader;
}

/** Above the session timeouts of brokers: 9 s by default, 18 s with ZooKeeper. */
const SESSION_MS_MAX = 20_000;

export class OffsetsLookup {
  readonly #directory: LeaderDirectory;
  readonly #question: OffsetsQuestion;
  readonly #found = new Map<number, number>();
  /** Since when this leader answered each time and nobody knew a newer one, where a broker does not answer (O3). */
  readonly #agreed = new Map<number, { readonly leader: PartitionLeader; readonly sinceMs: number }>();
  #failed: AppError | undefined;

  constructor(directory: LeaderDirectory, question: OffsetsQuestion) {
    this.#directory = directory;
    this.#question = question;
  }

  /** One attempt: asks for what is not found yet. */
  async attempt(): Promise<Attempt<number[]>> {
    const { topic, partitions } = this.#question;
    this.#failed = undefined;
    const missing = partitions.filter((p) => !this.#found.has(p));
    if (missing.some((p) => this.#leaderOf(p) === undefined)) await this.#directory.refreshTopic(topic);
    const byLeader = Map.groupBy(missing, (p) => this.#leaderOf(p)?.nodeId);
    const answers = await Promise.all([...byLeader].map(([nodeId, led]) => this.#askLeader(nodeId, led)));
    const claims = answers.flat();
    const claimed = new Set(claims.map(({ p }) => p));
    for (const p of missing) if (!claimed.has(p)) this.#agreed.delete(p);
    await this.#confirm(claims);
    if (this.#failed !== undefined) {
      await this.#directory.refreshTopic(topic);
      return { kind: "again", error: this.#failed };
    }
    return { kind: "done", value: partitions.map((p) => this.#found.get(p) ?? -1) };
  }

  /** What it says; a leader that does not answer keeps no other one's partitions waiting. */
  async #askLeader(nodeId: number | undefined, partitions: readonly number[]): Promise<Claim[]> {
    if (nodeId === undefined) {
      this.#failed = this.#uncertain(partitions[0] ?? -1, "no leader is known");
      return [];
    }
    const { topic, which, committed } = this.#question;
    const timestampMs = which === "latest" ? LATEST_TIMESTAMP : EARLIEST_TIMESTAMP;
    const asked = partitions.flatMap((p) => {
      const leader = this.#leaderOf(p);
      return leader?.nodeId === nodeId ? [{ p, leader }] : [];
    });
    const topics = [
      { name: topic, partitions: asked.map(({ p, leader }) => ({ p, currentLeaderEpoch: leader.epoch, timestampMs })) },
    ];
    try {
      const answer = await this.#directory.askNode(nodeId, listOffsetsApi, {
        isolationLevel: committed ? 1 : 0,
        topics,
      });
      const answered = new Map(answer.topics.flatMap((each) => each.partitions).map((listed) => [listed.p, listed]));
      return asked.flatMap(({ p, leader }) => this.#claim(p, leader, answered.get(p)));
    } catch (error) {
      if (!isConnectionFailure(error)) throw error;
      this.#failed = error;
      return [];
    }
  }

  #claim(p: number, leader: PartitionLeader, listed: ListedOffset | undefined): Claim[] {
    const refused =
      listed === undefined
        ? this.#uncertain(p, "the answer leaves it out")
        : checkCode(listed.errorCode, this.#describe(p));
    if (listed === undefined || refused !== undefined) {
      this.#failed = refused;
      return [];
    }
    // Of the earliest offset it is the epoch in which the record there was written, which may be long ago.
    const isTold = this.#question.which === "latest" && listed.leaderEpoch >= 0;
    if (isTold && isStale(listed.leaderEpoch, leader.epoch)) {
      this.#failed = this.#uncertain(p, `epoch ${listed.leaderEpoch} answered, and ${leader.epoch} is known`);
      return [];
    }
    return [{ p, offset: listed.offset, leader }];
  }

  async #confirm(claims: readonly Claim[]): Promise<void> {
    if (claims.length === 0) return;
    const isAlone = this.#directory.brokers.length <= 1;
    const silent = isAlone ? [] : await this.#directory.surveyTopic(this.#question.topic);
    for (const claim of claims) {
      const refused = this.#refuse(claim, silent);
      if (refused === undefined) this.#found.set(claim.p, claim.offset);
      else this.#failed = refused;
    }
  }

  #refuse({ p, leader }: Claim, silent: readonly Broker[]): AppError | undefined {
    const { topic } = this.#question;
    if (this.#leaderOf(p) !== leader) {
      this.#agreed.delete(p);
      return this.#uncertain(p, `broker ${leader.nodeId} answered, and another leads by now`);
    }
    const replicas = this.#directory.replicasOf(topic, p);
    const rival = silent.find(({ nodeId }) => nodeId !== leader.nodeId && replicas.includes(nodeId));
    if (rival === undefined) return undefined;
    const nowMs = performance.now();
    const before = this.#agreed.get(p);
    const agreed = before?.leader === leader ? before : { leader, sinceMs: nowMs };
    this.#agreed.set(p, agreed);
    const waitedMs = Math.round(nowMs - agreed.sinceMs);
    const areMost = 2 * silent.length < this.#directory.brokers.length;
    if (areMost && waitedMs >= SESSION_MS_MAX) return undefined;
    const who = `broker ${rival.nodeId} (${formatHostPort(rival)})`;
    return this.#uncertain(p, `${who} may lead it by now, and did not answer within ${waitedMs} ms`);
  }

  #leaderOf(p: number): PartitionLeader | undefined {
    return this.#directory.leaderOf(this.#question.topic, p);
  }

  #describe(p: number): string {
    return `the ${this.#question.which} offset of ${this.#question.topic}-${p}`;
  }

  #uncertain(p: number, reason: string): AppError {
    return createError("KAFKA_LEADER_UNCONFIRMED", { what: this.#describe(p), reason });
  }
}
