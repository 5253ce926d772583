/**
 * All groups of this broker whose partitions it assigns (KIP-848), and the clock that fences their silent members.
 *
 * C1 The clock runs only while there are members.
 * C2 At most GROUPS_MAX groups are kept. When a new one does not fit, those without members go.
 */
import { ErrorCode } from "../../../clients/kafka/wire/error-codes.ts";
import { type Beat, type BeatAnswer, ConsumerGroup, type TopicCatalog } from "./consumer-group.ts";

const GROUPS_MAX = 10_000;
const LOOK_INTERVAL_MS = 1_000;

export class ConsumerGroups {
  readonly #catalog: TopicCatalog;
  readonly #nowMs: () => number;
  readonly #groups = new Map<string, ConsumerGroup>();
  #timer: NodeJS.Timeout | undefined;

  constructor(catalog: TopicCatalog, nowMs: () => number) {
    this.#catalog = catalog;
    this.#nowMs = nowMs;
  }

  names(): readonly string[] {
    return [...this.#groups.keys()];
  }

  find(name: string): ConsumerGroup | undefined {
    return this.#groups.get(name);
  }

  /** With members; without, its name is free for a group of the classic protocol. */
  findInUse(name: string): ConsumerGroup | undefined {
    const group = this.#groups.get(name);
    return group !== undefined && group.size > 0 ? group : undefined;
  }

  beat(name: string, beat: Beat): BeatAnswer {
    const group = this.#groups.get(name) ?? this.#create(name);
    if (group === undefined) {
      const errorMessage = `there are ${GROUPS_MAX} groups, the most that this broker keeps`;
      return { kind: "refused", errorCode: ErrorCode.GROUP_MAX_SIZE_REACHED, errorMessage };
    }
    const answer = group.beat(beat, this.#catalog, this.#nowMs());
    this.#timer ??= setInterval(() => this.#advance(), LOOK_INTERVAL_MS);
    return answer;
  }

  /** One without members; its committed positions are not here. */
  delete(name: string): void {
    this.#groups.delete(name);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#groups.clear();
  }

  #create(name: string): ConsumerGroup | undefined {
    if (this.#groups.size >= GROUPS_MAX) {
      for (const [other, group] of this.#groups) if (group.size === 0) this.#groups.delete(other);
    }
    if (this.#groups.size >= GROUPS_MAX) return undefined;
    const group = new ConsumerGroup();
    this.#groups.set(name, group);
    return group;
  }

  #advance(): void {
    for (const group of this.#groups.values()) group.advance(this.#nowMs());
    if ([...this.#groups.values()].some(({ size }) => size > 0)) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
