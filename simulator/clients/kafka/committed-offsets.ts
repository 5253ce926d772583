/**
 * A group's committed positions, at the group's coordinator. For monitoring: nothing restarts from them.
 *
 * G1 A coordinator that was replaced while it was paused still answers, with old positions. So what it says counts only
 *    when no other broker, asked after it, names another coordinator.
 */
import { formatHostPort, type HostPort } from "../../common/foundation/address.ts";
import { createError } from "../../common/foundation/errors.ts";
import type { Connection } from "./connection.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import { type Attempt, checkCode } from "./retry.ts";
import { findCoordinatorApi } from "./wire/apis/find-coordinator.ts";
import { offsetCommitApi } from "./wire/apis/offset-commit.ts";
import { offsetFetchApi } from "./wire/apis/offset-fetch.ts";
import { ErrorCode } from "./wire/error-codes.ts";

export interface PartitionOffset {
  readonly p: number;
  readonly offset: number;
}

type Retry = <T>(attempt: () => Promise<Attempt<T>>) => Promise<T>;

/** A commit waits for its replicas, 5 s by default (offsets.commit.timeout.ms); who takes longer is not there. */
const COORDINATOR_DEADLINE_MS = 10_000;

export class CommittedOffsets {
  readonly #pool: ConnectionPool;
  readonly #retry: Retry;
  /** Forgotten after any failure, since it may have moved. */
  readonly #coordinators = new Map<string, HostPort>();

  constructor(pool: ConnectionPool, retry: Retry) {
    this.#pool = pool;
    this.#retry = retry;
  }

  commit(group: string, topic: string, offsets: readonly PartitionOffset[]): Promise<void> {
    const partitions = offsets.map(({ p, offset }) => ({ p, offset, leaderEpoch: -1, metadata: "" }));
    const topics = [{ name: topic, partitions }];
    const request = { group, generation: -1, memberId: "", instanceId: null, topics };
    return this.#withCoordinator(group, async (connection) => {
      const answer = await connection.send(offsetCommitApi, request, COORDINATOR_DEADLINE_MS);
      const answered = answer.topics[0]?.partitions ?? [];
      for (const { p } of offsets) {
        const code = answered.find((candidate) => candidate.p === p)?.errorCode;
        if (code === undefined) throw incomplete(`the commit of ${group} for ${topic}-${p}`);
        const error = checkCode(code, `the commit of ${group} for ${topic}-${p}`);
        if (error !== undefined) return { kind: "again", error };
      }
      return { kind: "done", value: undefined };
    });
  }

  fetch(group: string, topic: string, partitions: readonly number[]): Promise<number[]> {
    return this.#withCoordinator(group, async (connection, coordinator) => {
      const asked = { group, memberId: null, generation: -1, topics: [{ name: topic, partitions }] };
      const request = { groups: [asked], requireStable: false };
      const answer = (await connection.send(offsetFetchApi, request, COORDINATOR_DEADLINE_MS)).groups[0];
      if (answer === undefined) throw incomplete(`the committed offsets of ${group}`);
      const refused = checkCode(answer.errorCode, `the committed offsets of ${group}`);
      if (refused !== undefined) return { kind: "again", error: refused };
      const answered = answer.topics.find((candidate) => candidate.name === topic)?.partitions ?? [];
      const offsets: number[] = [];
      for (const p of partitions) {
        const partition = answered.find((candidate) => candidate.p === p);
        if (partition === undefined) throw incomplete(`the committed offset of ${group} for ${topic}-${p}`);
        const error = checkCode(partition.errorCode, `the committed offset of ${group} for ${topic}-${p}`);
        if (error !== undefined) return { kind: "again", error };
        offsets.push(partition.offset);
      }
      return (await this.#findRival(group, coordinator)) ?? { kind: "done", value: offsets };
    });
  }

  #withCoordinator<T>(
    group: string,
    ask: (connection: Connection, coordinator: HostPort) => Promise<Attempt<T>>,
  ): Promise<T> {
    return this.#retry(async () => {
      const coordinator = this.#coordinators.get(group) ?? (await this.#findCoordinator(group));
      if ("kind" in coordinator) return coordinator;
      // Kept only while all goes well: `ask` failing leaves it deleted.
      this.#coordinators.delete(group);
      const outcome = await ask(await this.#pool.sharedAt(coordinator), coordinator);
      if (outcome.kind === "done") this.#coordinators.set(group, coordinator);
      return outcome;
    });
  }

  async #findCoordinator(group: string) {
    const answer = (await this.#pool.askAny(findCoordinatorApi, { keys: [group], keyType: 0 })).coordinators[0];
    if (answer === undefined) throw incomplete(`the coordinator of group ${group}`);
    const error = checkCode(answer.errorCode, `the coordinator of group ${group}`, answer.errorMessage ?? "");
    return error === undefined ? { host: answer.host, port: answer.port } : { kind: "again" as const, error };
  }

  /** Asks all other brokers (G1). Undefined: of those that answer, nobody knows another coordinator. */
  async #findRival(group: string, coordinator: HostPort) {
    const own = formatHostPort(coordinator);
    const others = this.#pool.brokers.filter(
      (broker) => formatHostPort(broker) !== own && !this.#pool.isSilentAt(broker),
    );
    const request = { keys: [group], keyType: 0 };
    const answers = await Promise.allSettled(
      others.map((other) => this.#pool.askAt(other, findCoordinatorApi, request)),
    );
    const named = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value.coordinators : []));
    const rival = named.find((answer) => answer.errorCode === ErrorCode.NONE && formatHostPort(answer) !== own);
    if (rival === undefined) return undefined;
    const what = `what group ${group} has committed`;
    const reason = `${own} answered, and the group's coordinator is ${formatHostPort(rival)} by now`;
    return { kind: "again" as const, error: createError("KAFKA_LEADER_UNCONFIRMED", { what, reason }) };
  }
}

function incomplete(what: string): Error {
  return createError("KAFKA_MALFORMED", { what: `the answer leaves out ${what}`, position: 0 });
}
