/** A group's committed positions, at the group's coordinator. For monitoring: nothing restarts from them. */
import { createError } from "../../common/foundation/errors.ts";
import type { Connection } from "./connection.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import { type Attempt, checkCode } from "./retry.ts";
import { findCoordinatorApi } from "./wire/find-coordinator.ts";
import { offsetCommitApi } from "./wire/offset-commit.ts";
import { offsetFetchApi } from "./wire/offset-fetch.ts";

export interface PartitionOffset {
  readonly p: number;
  readonly offset: number;
}

type Retry = <T>(attempt: () => Promise<Attempt<T>>) => Promise<T>;

export class CommittedOffsets {
  readonly #pool: ConnectionPool;
  readonly #retry: Retry;
  /** Forgotten after any failure, since it may have moved. */
  readonly #coordinators = new Map<string, { host: string; port: number }>();

  constructor(pool: ConnectionPool, retry: Retry) {
    this.#pool = pool;
    this.#retry = retry;
  }

  commit(group: string, topic: string, offsets: readonly PartitionOffset[]): Promise<void> {
    const partitions = offsets.map(({ p, offset }) => ({ p, offset, metadata: "" }));
    const request = { group, generation: -1, memberId: "", topics: [{ name: topic, partitions }] };
    return this.#withCoordinator(group, async (connection) => {
      const answer = await connection.send(offsetCommitApi, request);
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
    return this.#withCoordinator(group, async (connection) => {
      const answer = await connection.send(offsetFetchApi, { group, topics: [{ name: topic, partitions }] });
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
      return { kind: "done", value: offsets };
    });
  }

  #withCoordinator<T>(group: string, ask: (connection: Connection) => Promise<Attempt<T>>): Promise<T> {
    return this.#retry(async () => {
      const coordinator = this.#coordinators.get(group) ?? (await this.#findCoordinator(group));
      if ("kind" in coordinator) return coordinator;
      // Kept only while all goes well: `ask` failing leaves it deleted.
      this.#coordinators.delete(group);
      const outcome = await ask(await this.#pool.sharedAt(coordinator));
      if (outcome.kind === "done") this.#coordinators.set(group, coordinator);
      return outcome;
    });
  }

  async #findCoordinator(group: string) {
    const connection = await this.#pool.any();
    const answer = await connection.send(findCoordinatorApi, { key: group, keyType: 0 });
    const error = checkCode(answer.errorCode, `the coordinator of group ${group}`, answer.errorMessage ?? "");
    return error === undefined ? { host: answer.host, port: answer.port } : { kind: "again" as const, error };
  }
}

function incomplete(what: string): Error {
  return createError("KAFKA_MALFORMED", { what: `the answer leaves out ${what}`, position: 0 });
}
