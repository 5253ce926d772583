/**
 * The keys and values of the embedded Redis: one database, strings and hashes, in memory only.
 *
 * K1 A key exists exactly while it has a value that has not expired; a hash without fields does not exist.
 * K2 Every change of a key goes through a method of this class, so that `usedBytes` and the watchers are right.
 * K3 Names and values are latin1 strings: one character a byte.
 */
import { wrongType } from "./reply.ts";

interface StringValue {
  readonly kind: "string";
  readonly text: string;
}

interface HashValue {
  readonly kind: "hash";
  readonly fields: Map<string, string>;
}

interface Entry {
  readonly value: StringValue | HashValue;
  readonly expiresAtMs: number | null;
}

/** Told when a key it watches changes. */
export interface Watcher {
  onChange(): void;
}

/** What a map entry costs beside its text, roughly; `usedBytes` is an estimate that bounds, not a measurement. */
const ENTRY_OVERHEAD_BYTES = 96;

export class Keyspace {
  readonly #nowMs: () => number;
  readonly #entries = new Map<string, Entry>();
  readonly #watchers = new Map<string, Set<Watcher>>();
  #usedBytes = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  has(key: string): boolean {
    return this.#find(key) !== undefined;
  }

  typeOf(key: string): "string" | "hash" | "none" {
    return this.#find(key)?.value.kind ?? "none";
  }

  /** Throws WRONGTYPE when the key is a hash. */
  readString(key: string): string | undefined {
    const value = this.#find(key)?.value;
    if (value === undefined) return undefined;
    if (value.kind !== "string") throw wrongType();
    return value.text;
  }

  /** Throws WRONGTYPE when the key is a string. Only for reading: changes go through `setField`. */
  readHash(key: string): ReadonlyMap<string, string> | undefined {
    return this.#findHash(key)?.fields;
  }

  /** Replaces whatever is there. */
  setString(key: string, text: string, expiresAtMs: number | null): void {
    this.#drop(key);
    this.#entries.set(key, { value: { kind: "string", text }, expiresAtMs });
    this.#usedBytes += key.length + text.length + ENTRY_OVERHEAD_BYTES;
    this.#touch(key);
  }

  /** Returns true when the field is new. */
  setField(key: string, field: string, text: string): boolean {
    let hash = this.#findHash(key);
    if (hash === undefined) {
      hash = { kind: "hash", fields: new Map() };
      this.#entries.set(key, { value: hash, expiresAtMs: null });
      this.#usedBytes += key.length + ENTRY_OVERHEAD_BYTES;
    }
    const before = hash.fields.get(field);
    hash.fields.set(field, text);
    this.#usedBytes +=
      before === undefined ? field.length + text.length + ENTRY_OVERHEAD_BYTES : text.length - before.length;
    this.#touch(key);
    return before === undefined;
  }

  removeField(key: string, field: string): boolean {
    const hash = this.#findHash(key);
    const before = hash?.fields.get(field);
    if (hash === undefined || before === undefined) return false;
    hash.fields.delete(field);
    this.#usedBytes -= field.length + before.length + ENTRY_OVERHEAD_BYTES;
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
    this.#usedBytes += to.length - from.length;
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
    this.#entries.set(key, { value: entry.value, expiresAtMs });
    this.#touch(key);
  }

  /** Names of all living keys. What has expired is removed on the way. */
  listKeys(): string[] {
    return [...this.#entries.keys()].filter((key) => this.#find(key) !== undefined);
  }

  clear(): void {
    const keys = [...this.#entries.keys()];
    this.#entries.clear();
    this.#usedBytes = 0;
    for (const key of keys) this.#touch(key);
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

  #find(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.expiresAtMs === null || entry.expiresAtMs > this.#nowMs()) return entry;
    this.#drop(key);
    this.#touch(key);
    return undefined;
  }

  #findHash(key: string): HashValue | undefined {
    const value = this.#find(key)?.value;
    if (value !== undefined && value.kind !== "hash") throw wrongType();
    return value;
  }

  #drop(key: string): void {
    const value = this.#entries.get(key)?.value;
    if (value === undefined) return;
    this.#entries.delete(key);
    this.#usedBytes -= key.length + ENTRY_OVERHEAD_BYTES;
    if (value.kind === "string") {
      this.#usedBytes -= value.text.length;
      return;
    }
    for (const [field, text] of value.fields) this.#usedBytes -= field.length + text.length + ENTRY_OVERHEAD_BYTES;
  }

  #touch(key: string): void {
    for (const watcher of this.#watchers.get(key) ?? []) watcher.onChange();
  }
}
