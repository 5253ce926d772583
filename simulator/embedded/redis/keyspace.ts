/**
 * The keys and values of one database of the embedded Redis, in memory only.
 *
 * K1 A key exists exactly while it has a value that has not expired; a hash without fields does not exist.
 * K2 Every change of a key goes through a method of this class, so that `usedBytes` and the watchers are right.
 * K3 Names and values are latin1 strings: one character a byte.
 * K4 What walks through all entries does so by `forEach`, which makes nothing for an entry. A loop over a map makes a pair
 *    for each of them until it has been compiled: 30 MB for 170,000 keys, at the very moment when the memory is full.
 */
import { CommandError, wrongType } from "./command-error.ts";
import { ListValue } from "./values/list.ts";
import { SetValue } from "./values/set.ts";
import { SortedSetValue } from "./values/sorted-set.ts";
import { StreamValue } from "./values/stream.ts";

interface StringValue {
  readonly kind: "string";
  readonly text: string;
}

interface HashValue {
  readonly kind: "hash";
  readonly fields: Map<string, string>;
}

/** The collections that are changed through `change`; strings and hashes have methods of their own. */
interface Collections {
  readonly list: ListValue;
  readonly set: SetValue;
  readonly zset: SortedSetValue;
  readonly stream: StreamValue;
}
type CollectionKind = keyof Collections;

export type Value = StringValue | HashValue | Collections[CollectionKind];

const makeCollection: { [K in CollectionKind]: () => Collections[K] } = {
  list: () => new ListValue(),
  set: () => new SetValue(),
  zset: () => new SortedSetValue(),
  stream: () => new StreamValue(),
};

/** The estimated bytes of all databases, the scripts and the connections together, and their bound. */
export interface MemoryUse {
  bytes: number;
  /** What was dropped and read since `MemoryGuard` looked: garbage that the engine may not have collected yet. */
  garbageBytes: number;
  readonly bytesMax: number;
}

export const outOfMemory = (): CommandError =>
  new CommandError("OOM command not allowed when used memory > 'maxmemory'.");

interface Entry {
  readonly value: Value;
  readonly expiresAtMs: number | null;
  usedAtMs: number;
}

/** Told when a key it watches changes. */
export interface Watcher {
  onChange(): void;
}

/**
 * What each costs beside its text: the objects of the engine, and its share of a map that has just doubled. `usedBytes` is
 * an estimate that bounds, not a measurement.
 */
const KEY_OVERHEAD_BYTES = 192;
const HASH_OVERHEAD_BYTES = 224;
const FIELD_OVERHEAD_BYTES = 112;

export class Keyspace {
  readonly #nowMs: () => number;
  readonly #entries = new Map<string, Entry>();
  readonly #watchers = new Map<string, Set<Watcher>>();
  readonly #memory: MemoryUse;

  constructor(
    nowMs: () => number,
    memory: MemoryUse = { bytes: 0, garbageBytes: 0, bytesMax: Number.POSITIVE_INFINITY },
  ) {
    this.#nowMs = nowMs;
    this.#memory = memory;
  }

  /** Of all databases that share the memory. */
  get usedBytes(): number {
    return this.#memory.bytes;
  }

  has(key: string): boolean {
    return this.#find(key) !== undefined;
  }

  typeOf(key: string): Value["kind"] | "none" {
    return this.#find(key)?.value.kind ?? "none";
  }

  /** Throws WRONGTYPE when the key is a hash. */
  readString(key: string): string | undefined {
    const value = this.#findToUse(key)?.value;
    if (value === undefined) return undefined;
    if (value.kind !== "string") throw wrongType();
    return value.text;
  }

  /** Throws WRONGTYPE when the key is a string. Only for reading: changes go through `setField`. */
  readHash(key: string): ReadonlyMap<string, string> | undefined {
    return this.#findHash(key)?.fields;
  }

  /** Throws WRONGTYPE when the key is something else. Only for reading: changes go through `change`. */
  read<K extends CollectionKind>(key: string, kind: K): Collections[K] | undefined {
    const value = this.#findToUse(key)?.value;
    if (value === undefined) return undefined;
    if (value.kind !== kind) throw wrongType();
    return value as Collections[K];
  }

  /** The value whatever it is, for reading only. */
  readAny(key: string): Value | undefined {
    return this.#find(key)?.value;
  }

  /** As if it had been read. False when there is no such key. */
  use(key: string): boolean {
    return this.#findToUse(key) !== undefined;
  }

  /** Since it was last read or written. */
  idleMsOf(key: string): number | undefined {
    const entry = this.#find(key);
    return entry === undefined ? undefined : this.#nowMs() - entry.usedAtMs;
  }

  /** What the key counts, as an estimate. */
  bytesOf(key: string): number | undefined {
    const entry = this.#find(key);
    return entry === undefined ? undefined : key.length + sizeOf(entry.value) + KEY_OVERHEAD_BYTES;
  }

  /** Changes the collection, and makes it first when there is none. A collection left empty is no key any more. */
  change<K extends CollectionKind, R>(key: string, kind: K, change: (value: Collections[K]) => R): R {
    const found = this.read(key, kind);
    const value: Collections[K] = found ?? makeCollection[kind]();
    const version = value.version;
    const bytes = found === undefined ? 0 : value.bytes;
    const result = change(value);
    if (value.version === version) return result;
    if (found === undefined && value.size > 0) {
      this.#entries.set(key, this.#entryOf(value, null));
      this.#memory.bytes += key.length + KEY_OVERHEAD_BYTES;
    }
    const after = value.bytes;
    this.#memory.bytes += after - (found === undefined && value.size === 0 ? after : bytes);
    this.#memory.garbageBytes += Math.max(0, bytes - after);
    if (found !== undefined && value.size === 0) this.#drop(key);
    this.#touch(key);
    return result;
  }

  /** Puts a copy of the value under the name, replacing what is there. Throws OOM when there is no room for it. */
  putCopy(key: string, value: Value, expiresAtMs: number | null): void {
    if (this.#memory.bytes + sizeOf(value) > this.#memory.bytesMax) throw outOfMemory();
    this.#drop(key);
    this.#entries.set(key, this.#entryOf(cloneValue(value), expiresAtMs));
    this.#memory.bytes += key.length + sizeOf(value) + KEY_OVERHEAD_BYTES;
    this.#touch(key);
  }

  /** Replaces whatever is there. */
  setString(key: string, text: string, expiresAtMs: number | null): void {
    this.#drop(key);
    this.#entries.set(key, this.#entryOf({ kind: "string", text }, expiresAtMs));
    this.#memory.bytes += key.length + text.length + KEY_OVERHEAD_BYTES;
    this.#touch(key);
  }

  /** Returns true when the field is new. */
  setField(key: string, field: string, text: string): boolean {
    let hash = this.#findHash(key);
    if (hash === undefined) {
      hash = { kind: "hash", fields: new Map() };
      this.#entries.set(key, this.#entryOf(hash, null));
      this.#memory.bytes += key.length + KEY_OVERHEAD_BYTES + HASH_OVERHEAD_BYTES;
    }
    const before = hash.fields.get(field);
    hash.fields.set(field, text);
    if (before !== undefined) this.#memory.garbageBytes += before.length;
    this.#memory.bytes +=
      before === undefined ? field.length + text.length + FIELD_OVERHEAD_BYTES : text.length - before.length;
    this.#touch(key);
    return before === undefined;
  }

  removeField(key: string, field: string): boolean {
    const hash = this.#findHash(key);
    const before = hash?.fields.get(field);
    if (hash === undefined || before === undefined) return false;
    hash.fields.delete(field);
    this.#memory.bytes -= field.length + before.length + FIELD_OVERHEAD_BYTES;
    this.#memory.garbageBytes += field.length + before.length + FIELD_OVERHEAD_BYTES;
    if (hash.fields.size === 0) this.#drop(key);
    this.#touch(key);
    return true;
  }

  remove(key: string): boolean {
    if (this.#find(key) === undefined) return false;
    this.#drop(key);
    this.#touch(key);
    return true;
  }

  /** False when there is no such key. The name it gets is overwritten. */
  rename(from: string, to: string): boolean {
    const entry = this.#find(from);
    if (entry === undefined) return false;
    if (from === to) return true;
    this.#drop(to);
    this.#entries.delete(from);
    this.#entries.set(to, entry);
    this.#memory.bytes += to.length - from.length;
    this.#touch(from);
    this.#touch(to);
    return true;
  }

  /** When the key ends: null = never, undefined = there is no such key. */
  expiryOf(key: string): number | null | undefined {
    return this.#find(key)?.expiresAtMs;
  }

  setExpiry(key: string, expiresAtMs: number | null): void {
    const entry = this.#find(key);
    if (entry === undefined) return;
    this.#entries.set(key, { ...entry, expiresAtMs });
    this.#touch(key);
  }

  /** Names of all living keys. What has expired is removed on the way. */
  listKeys(): string[] {
    return [...this.#entries.keys()].filter((key) => this.#find(key) !== undefined);
  }

  /** Looks at each key, and makes no list of them. */
  removeExpired(): void {
    this.#entries.forEach(({ expiresAtMs }, key) => {
      if (expiresAtMs !== null) this.#find(key);
    });
  }

  /** How many of the keys have an end. */
  countExpiring(): number {
    let count = 0;
    this.#entries.forEach(({ expiresAtMs }) => {
      if (expiresAtMs !== null) count += 1;
    });
    return count;
  }

  /** How many keys there are that have not expired. */
  countKeys(): number {
    this.removeExpired();
    return this.#entries.size;
  }

  /** Some key, each with the same chance; undefined when there is none. */
  randomKey(): string | undefined {
    let chosen: string | undefined;
    let count = 0;
    this.removeExpired();
    this.#entries.forEach((_, key) => {
      count += 1;
      if (Math.random() * count < 1) chosen = key;
    });
    return chosen;
  }

  clear(): void {
    const watched = [...this.#watchers.keys()].filter((key) => this.#entries.has(key));
    let bytes = 0;
    this.#entries.forEach(({ value }, key) => {
      bytes += key.length + sizeOf(value) + KEY_OVERHEAD_BYTES;
    });
    // At once: a map that is emptied key by key is copied each time that it has become much smaller.
    this.#entries.clear();
    this.#memory.bytes -= bytes;
    this.#memory.garbageBytes += bytes;
    for (const key of watched) this.#touch(key);
  }

  watch(key: string, watcher: Watcher): void {
    const watchers = this.#watchers.get(key);
    if (watchers === undefined) this.#watchers.set(key, new Set([watcher]));
    else watchers.add(watcher);
  }

  unwatch(key: string, watcher: Watcher): void {
    const watchers = this.#watchers.get(key);
    watchers?.delete(watcher);
    if (watchers?.size === 0) this.#watchers.delete(key);
  }

  #entryOf(value: Value, expiresAtMs: number | null): Entry {
    return { value, expiresAtMs, usedAtMs: this.#nowMs() };
  }

  #findToUse(key: string): Entry | undefined {
    const entry = this.#find(key);
    if (entry !== undefined) entry.usedAtMs = this.#nowMs();
    return entry;
  }

  #find(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.expiresAtMs === null || entry.expiresAtMs > this.#nowMs()) return entry;
    this.#drop(key);
    this.#touch(key);
    return undefined;
  }

  #findHash(key: string): HashValue | undefined {
    const value = this.#findToUse(key)?.value;
    if (value !== undefined && value.kind !== "hash") throw wrongType();
    return value;
  }

  #drop(key: string): void {
    const value = this.#entries.get(key)?.value;
    if (value === undefined) return;
    this.#entries.delete(key);
    const bytes = key.length + sizeOf(value) + KEY_OVERHEAD_BYTES;
    this.#memory.bytes -= bytes;
    this.#memory.garbageBytes += bytes;
  }

  #touch(key: string): void {
    for (const watcher of this.#watchers.get(key) ?? []) watcher.onChange();
  }
}

function sizeOf(value: Value): number {
  switch (value.kind) {
    case "string":
      return value.text.length;
    case "hash": {
      let bytes = HASH_OVERHEAD_BYTES;
      value.fields.forEach((text, field) => {
        bytes += field.length + text.length + FIELD_OVERHEAD_BYTES;
      });
      return bytes;
    }
    default:
      return value.bytes;
  }
}

function cloneValue(value: Value): Value {
  switch (value.kind) {
    case "string":
      return value;
    case "hash":
      return { kind: "hash", fields: new Map(value.fields) };
    default:
      return value.clone();
  }
}
