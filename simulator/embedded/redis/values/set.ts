/** A set that can also give a random member in constant time: the members in an array, and where each of them is. */
/** What the collection itself and each of its members cost beside the text, see `keyspace.ts`. */
const OWN_BYTES = 416;
const OVERHEAD_BYTES = 104;

export class SetValue {
  readonly kind = "set";
  readonly #members: string[] = [];
  readonly #positions = new Map<string, number>();
  #textBytes = 0;
  version = 0;

  get size(): number {
    return this.#members.length;
  }

  get bytes(): number {
    return OWN_BYTES + this.#textBytes + this.size * OVERHEAD_BYTES;
  }

  get members(): readonly string[] {
    return this.#members;
  }

  has(member: string): boolean {
    return this.#positions.has(member);
  }

  /** False when it is there already. */
  add(member: string): boolean {
    if (this.#positions.has(member)) return false;
    this.#positions.set(member, this.#members.length);
    this.#members.push(member);
    this.#textBytes += member.length;
    this.version += 1;
    return true;
  }

  delete(member: string): boolean {
    const position = this.#positions.get(member);
    if (position === undefined) return false;
    const last = this.#members.pop() as string;
    if (last !== member) {
      this.#members[position] = last;
      this.#positions.set(last, position);
    }
    this.#positions.delete(member);
    this.#textBytes -= member.length;
    this.version += 1;
    return true;
  }

  clone(): SetValue {
    const copy = new SetValue();
    for (const member of this.#members) copy.add(member);
    return copy;
  }
}
