/**
 * A stream: entries in the order of their ids, and the groups that read it.
 *
 * T1 Ids only grow: `lastId` is the largest one that ever was, even of an entry that is gone.
 * T2 A pending entry stands in its group and names exactly one consumer, which counts it.
 * T3 An entry that is deleted stays pending until it is acknowledged or claimed, as in Redis.
 */

export interface StreamId {
  readonly ms: bigint;
  readonly seq: bigint;
}

export interface StreamEntry {
  readonly id: StreamId;
  /** Names and values in turn. */
  readonly fields: readonly string[];
}

export interface PendingEntry {
  readonly id: StreamId;
  consumer: StreamConsumer;
  deliveredAtMs: number;
  deliveries: number;
}

export interface StreamConsumer {
  readonly name: string;
  seenAtMs: number;
  pendingCount: number;
}

export interface StreamGroup {
  lastId: StreamId;
  /** How many entries were read up to `lastId`; undefined when nobody can know any more. */
  entriesRead: number | undefined;
  /** By the text of the id. */
  pending: Map<string, PendingEntry>;
  readonly consumers: Map<string, StreamConsumer>;
}

const UINT64_MAX = 2n ** 64n - 1n;
export const ID_MIN: StreamId = { ms: 0n, seq: 0n };
export const ID_MAX: StreamId = { ms: UINT64_MAX, seq: UINT64_MAX };
const OWN_BYTES = 448;
const ENTRY_OVERHEAD_BYTES = 208;
const FIELD_OVERHEAD_BYTES = 32;
const GROUP_OVERHEAD_BYTES = 448;
const PENDING_OVERHEAD_BYTES = 256;
/** Entries before the first one are dropped from the array only now and then, so that XTRIM costs little. */
const GAP_MAX = 1_024;

export function compareIds(a: StreamId, b: StreamId): number {
  if (a.ms !== b.ms) return a.ms < b.ms ? -1 : 1;
  if (a.seq === b.seq) return 0;
  return a.seq < b.seq ? -1 : 1;
}

export function formatId({ ms, seq }: StreamId): string {
  return `${ms}-${seq}`;
}

/** Undefined when there is none: after the largest, before the smallest. */
export function nextId({ ms, seq }: StreamId): StreamId | undefined {
  if (seq < UINT64_MAX) return { ms, seq: seq + 1n };
  return ms < UINT64_MAX ? { ms: ms + 1n, seq: 0n } : undefined;
}

export function previousId({ ms, seq }: StreamId): StreamId | undefined {
  if (seq > 0n) return { ms, seq: seq - 1n };
  return ms > 0n ? { ms: ms - 1n, seq: UINT64_MAX } : undefined;
}

export class StreamValue {
  readonly kind = "stream";
  /** Entries from `#first` on. */
  #entries: StreamEntry[] = [];
  #first = 0;
  #entryBytes = 0;
  lastId: StreamId = ID_MIN;
  maxDeletedId: StreamId = ID_MIN;
  entriesAdded = 0;
  readonly groups = new Map<string, StreamGroup>();
  version = 0;

  get length(): number {
    return this.#entries.length - this.#first;
  }

  /** A stream exists until it is deleted, even without entries: for the keyspace it is never empty. */
  get size(): number {
    return 1;
  }

  get bytes(): number {
    let bytes = OWN_BYTES + this.#entryBytes;
    for (const group of this.groups.values()) {
      bytes += GROUP_OVERHEAD_BYTES + group.consumers.size * GROUP_OVERHEAD_BYTES;
      bytes += group.pending.size * PENDING_OVERHEAD_BYTES;
    }
    return bytes;
  }

  get first(): StreamEntry | undefined {
    return this.#entries[this.#first];
  }

  get last(): StreamEntry | undefined {
    return this.length === 0 ? undefined : this.#entries.at(-1);
  }

  append(id: StreamId, fields: readonly string[]): void {
    this.#entries.push({ id, fields });
    this.#entryBytes += bytesOf(fields);
    this.lastId = id;
    this.entriesAdded += 1;
    this.version += 1;
  }

  find(id: StreamId): StreamEntry | undefined {
    const entry = this.#entries[this.#indexFrom(id)];
    return entry !== undefined && compareIds(entry.id, id) === 0 ? entry : undefined;
  }

  /** Both ends included, at most `count`. */
  range(from: StreamId, to: StreamId, count: number): StreamEntry[] {
    const found: StreamEntry[] = [];
    for (let i = this.#indexFrom(from); i < this.#entries.length && found.length < count; i += 1) {
      const entry = this.#entries[i] as StreamEntry;
      if (compareIds(entry.id, to) > 0) break;
      found.push(entry);
    }
    return found;
  }

  /** From the last one back. */
  reverseRange(from: StreamId, to: StreamId, count: number): StreamEntry[] {
    const found: StreamEntry[] = [];
    const after = nextId(to);
    let i = after === undefined ? this.#entries.length : this.#indexFrom(after);
    while (i > this.#first && found.length < count) {
      i -= 1;
      const entry = this.#entries[i] as StreamEntry;
      if (compareIds(entry.id, from) < 0) break;
      found.push(entry);
    }
    return found;
  }

  remove(id: StreamId): boolean {
    const index = this.#indexFrom(id);
    const entry = this.#entries[index];
    if (entry === undefined || compareIds(entry.id, id) !== 0) return false;
    this.#entryBytes -= bytesOf(entry.fields);
    if (compareIds(id, this.maxDeletedId) > 0) this.maxDeletedId = id;
    if (index === this.#first) this.#dropFirst(1);
    else this.#entries.splice(index, 1);
    this.version += 1;
    return true;
  }

  countBefore(id: StreamId): number {
    return this.#indexFrom(id) - this.#first;
  }

  /** Removes the oldest entries. Trimming is no deletion: `maxDeletedId` stays. */
  dropOldest(count: number): void {
    if (count <= 0) return;
    for (const { fields } of this.#entries.slice(this.#first, this.#first + count)) this.#entryBytes -= bytesOf(fields);
    this.#dropFirst(count);
    this.version += 1;
  }

  /** To be called after a change of `lastId`, a group or a consumer. */
  markChanged(): void {
    this.version += 1;
  }

  /** How many entries were ever added up to the id; undefined when deletions make that unknowable. */
  countUpTo(id: StreamId): number | undefined {
    const { first } = this;
    if (this.entriesAdded === 0) return 0;
    const order = compareIds(id, this.lastId);
    if (order === 0 || (first === undefined && order < 0)) return this.entriesAdded;
    if (order > 0 || first === undefined) return undefined;
    const isWhole = compareIds(this.maxDeletedId, ID_MIN) === 0 || compareIds(this.maxDeletedId, first.id) < 0;
    const fromFirst = compareIds(id, first.id);
    if (!isWhole || fromFirst > 0) return undefined;
    return this.entriesAdded - this.length + (fromFirst === 0 ? 1 : 0);
  }

  /** True when an entry at or after the id, and after the first that is there, was deleted. */
  hasGapFrom(id: StreamId): boolean {
    const { first, maxDeletedId } = this;
    if (first === undefined || compareIds(maxDeletedId, first.id) < 0) return false;
    return compareIds(maxDeletedId, ID_MIN) > 0 && compareIds(id, maxDeletedId) <= 0;
  }

  clone(): StreamValue {
    const copy = new StreamValue();
    copy.#entries = this.#entries.slice(this.#first);
    copy.#entryBytes = this.#entryBytes;
    copy.lastId = this.lastId;
    copy.maxDeletedId = this.maxDeletedId;
    copy.entriesAdded = this.entriesAdded;
    for (const [name, group] of this.groups) copy.groups.set(name, cloneGroup(group));
    return copy;
  }

  #dropFirst(count: number): void {
    this.#first += count;
    if (this.length > 0 && (this.#first < GAP_MAX || this.#first < this.length)) return;
    this.#entries = this.#entries.slice(this.#first);
    this.#first = 0;
  }

  /** The first entry that is not before the id. */
  #indexFrom(id: StreamId): number {
    let low = this.#first;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareIds((this.#entries[middle] as StreamEntry).id, id) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function bytesOf(fields: readonly string[]): number {
  return fields.reduce((sum, text) => sum + text.length + FIELD_OVERHEAD_BYTES, ENTRY_OVERHEAD_BYTES);
}

function cloneGroup(group: StreamGroup): StreamGroup {
  const consumers = new Map([...group.consumers].map(([name, consumer]) => [name, { ...consumer }]));
  const pending = [...group.pending].map(([id, entry]): [string, PendingEntry] => {
    const consumer = consumers.get(entry.consumer.name) ?? entry.consumer;
    return [id, { ...entry, consumer }];
  });
  return { ...group, consumers, pending: new Map(pending) };
}
