/** A list: a ring of texts, so that both ends take and give in constant time. */
/** What the collection itself and each of its members cost beside the text, see `keyspace.ts`. */
const OWN_BYTES = 256;
const OVERHEAD_BYTES = 40;

export class ListValue {
  readonly kind = "list";
  #ring: (string | undefined)[] = new Array(8);
  #start = 0;
  #size = 0;
  #textBytes = 0;
  /** Counts the changes, so that the keyspace knows whether a command made one. */
  version = 0;

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return OWN_BYTES + this.#textBytes + this.#size * OVERHEAD_BYTES;
  }

  /** Negative counts from the end; undefined when there is none. */
  at(index: number): string | undefined {
    const i = index < 0 ? index + this.#size : index;
    return i >= 0 && i < this.#size ? this.#ring[this.#position(i)] : undefined;
  }

  slice(from: number, to: number): string[] {
    const texts: string[] = [];
    for (let i = from; i < Math.min(to, this.#size); i += 1) texts.push(this.#ring[this.#position(i)] as string);
    return texts;
  }

  push(end: "left" | "right", text: string): void {
    if (this.#size === this.#ring.length) this.#grow();
    if (end === "left") this.#start = (this.#start - 1 + this.#ring.length) % this.#ring.length;
    this.#size += 1;
    this.#ring[this.#position(end === "left" ? 0 : this.#size - 1)] = text;
    this.#textBytes += text.length;
    this.version += 1;
  }

  pop(end: "left" | "right"): string | undefined {
    if (this.#size === 0) return undefined;
    const position = this.#position(end === "left" ? 0 : this.#size - 1);
    const text = this.#ring[position] as string;
    this.#ring[position] = undefined;
    if (end === "left") this.#start = (this.#start + 1) % this.#ring.length;
    this.#size -= 1;
    this.#textBytes -= text.length;
    this.version += 1;
    return text;
  }

  /** False when there is no such index. */
  set(index: number, text: string): boolean {
    const before = this.at(index);
    if (before === undefined) return false;
    this.#ring[this.#position(index < 0 ? index + this.#size : index)] = text;
    this.#textBytes += text.length - before.length;
    this.version += 1;
    return true;
  }

  /** For what changes the middle: LINSERT, LREM, LTRIM. Costs the whole length. */
  replaceAll(texts: readonly string[]): void {
    this.#ring = texts.length < 8 ? [...texts, ...new Array(8 - texts.length)] : [...texts];
    this.#start = 0;
    this.#size = texts.length;
    this.#textBytes = texts.reduce((sum, text) => sum + text.length, 0);
    this.version += 1;
  }

  clone(): ListValue {
    const copy = new ListValue();
    copy.replaceAll(this.slice(0, this.#size));
    return copy;
  }

  #position(index: number): number {
    return (this.#start + index) % this.#ring.length;
  }

  #grow(): void {
    const texts: (string | undefined)[] = this.slice(0, this.#size);
    texts.length = this.#size * 2;
    this.#ring = texts;
    this.#start = 0;
  }
}
