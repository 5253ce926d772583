/** The module `cmsgpack` of Redis: values of Lua as MessagePack and back. Pure. Text is latin1, one character a byte. */
import { CodecError } from "./json-text.ts";
import { DEPTH_MAX, JSON_NULL, type LuaTable, type LuaValue, tableOf } from "./values.ts";

/** As `cmsgpack` does: what is nested deeper becomes nil. */
const PACK_DEPTH_MAX = 16;

export function packMessage(value: LuaValue, depth = 0): string {
  if (value === undefined || value === JSON_NULL) return "\xc0";
  if (typeof value === "boolean") return value ? "\xc3" : "\xc2";
  if (typeof value === "number") return packNumber(value);
  if (typeof value === "string") return packHead(value.length, { fix: [0xa0, 32], eight: 0xd9, sixteen: 0xda }) + value;
  if (depth === PACK_DEPTH_MAX) return "\xc0";
  const keys = [...value.keys()];
  const isArray = keys.every(
    (key) => typeof key === "number" && Number.isInteger(key) && key >= 1 && key <= keys.length,
  );
  if (isArray) {
    const elements = keys.map((_, i) => packMessage(value.get(i + 1), depth + 1));
    return packHead(keys.length, { fix: [0x90, 16], sixteen: 0xdc }) + elements.join("");
  }
  const pairs = [...value].map(([key, element]) => packMessage(key, depth + 1) + packMessage(element, depth + 1));
  return packHead(value.size, { fix: [0x80, 16], sixteen: 0xde }) + pairs.join("");
}

/** The type and the length: in one byte while it is short, then in 8, 16 or 32 bits. */
function packHead(length: number, a: { fix: readonly [number, number]; eight?: number; sixteen: number }): string {
  const [base, below] = a.fix;
  if (length < below) return String.fromCharCode(base + length);
  if (a.eight !== undefined && length < 0x100) return String.fromCharCode(a.eight, length);
  if (length < 0x1_0000) return String.fromCharCode(a.sixteen) + bigEndian(2, (view) => view.setUint16(0, length));
  return String.fromCharCode(a.sixteen + 1) + bigEndian(4, (view) => view.setUint32(0, length));
}

function packNumber(value: number): string {
  if (!Number.isSafeInteger(value)) {
    if (Math.fround(value) === value) return `\xca${bigEndian(4, (view) => view.setFloat32(0, value))}`;
    return `\xcb${bigEndian(8, (view) => view.setFloat64(0, value))}`;
  }
  if (value >= 0) {
    if (value < 0x80) return String.fromCharCode(value);
    if (value < 0x100) return String.fromCharCode(0xcc, value);
    if (value < 0x1_0000) return `\xcd${bigEndian(2, (view) => view.setUint16(0, value))}`;
    if (value < 0x1_0000_0000) return `\xce${bigEndian(4, (view) => view.setUint32(0, value))}`;
    return `\xcf${bigEndian(8, (view) => view.setBigUint64(0, BigInt(value)))}`;
  }
  if (value >= -32) return String.fromCharCode(value + 0x100);
  if (value >= -0x80) return `\xd0${bigEndian(1, (view) => view.setInt8(0, value))}`;
  if (value >= -0x8000) return `\xd1${bigEndian(2, (view) => view.setInt16(0, value))}`;
  if (value >= -0x8000_0000) return `\xd2${bigEndian(4, (view) => view.setInt32(0, value))}`;
  return `\xd3${bigEndian(8, (view) => view.setBigInt64(0, BigInt(value)))}`;
}

function bigEndian(size: number, write: (view: DataView) => void): string {
  const bytes = Buffer.alloc(size);
  write(new DataView(bytes.buffer, bytes.byteOffset, size));
  return bytes.toString("latin1");
}

/** All values that stand one after the other in the text. */
export function unpackMessages(text: string): LuaValue[] {
  const reader = new MessageReader(Buffer.from(text, "latin1"));
  const values: LuaValue[] = [];
  while (!reader.atEnd) values.push(reader.readValue(0));
  return values;
}

class MessageReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  readValue(depth: number): LuaValue {
    if (depth > DEPTH_MAX) throw new CodecError("Bad data format in input.");
    const type = this.#take(1).readUInt8();
    if (type < 0x80) return type;
    if (type >= 0xe0) return type - 0x100;
    if (type < 0x90) return this.#readMap(type & 0x0f, depth);
    if (type < 0xa0) return this.#readArray(type & 0x0f, depth);
    if (type < 0xc0) return this.#readText(type & 0x1f);
    return this.#readLong(type, depth);
  }

  #readLong(type: number, depth: number): LuaValue {
    const bytes = (size: number) => this.#take(size);
    switch (type) {
      case 0xc0:
        return undefined;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xca:
        return bytes(4).readFloatBE();
      case 0xcb:
        return bytes(8).readDoubleBE();
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#readLength(1 << (type - 0xcc));
      case 0xcf:
        return Number(bytes(8).readBigUInt64BE());
      case 0xd0:
      case 0xd1:
      case 0xd2: {
        const size = 1 << (type - 0xd0);
        return bytes(size).readIntBE(0, size);
      }
      case 0xd3:
        return Number(bytes(8).readBigInt64BE());
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#readText(this.#readLength(1 << (type - 0xc4)));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#readText(this.#readLength(1 << (type - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#readArray(this.#readLength(type === 0xdc ? 2 : 4), depth);
      case 0xde:
      case 0xdf:
        return this.#readMap(this.#readLength(type === 0xde ? 2 : 4), depth);
      default:
        throw new CodecError("Bad data format in input.");
    }
  }

  #readLength(size: number): number {
    return this.#take(size).readUIntBE(0, size);
  }

  #readText(size: number): string {
    return this.#take(size).toString("latin1");
  }

  #readArray(length: number, depth: number): LuaTable {
    this.#expect(length);
    return tableOf(Array.from({ length }, () => this.readValue(depth + 1)));
  }

  #readMap(length: number, depth: number): LuaTable {
    this.#expect(length);
    return new Map(Array.from({ length }, () => [this.readValue(depth + 1), this.readValue(depth + 1)] as const));
  }

  /** Each element has at least one byte, so a length that lies is found before anything is made for it. */
  #expect(count: number): void {
    if (this.#at + count > this.#bytes.length) throw new CodecError("Missing bytes in input.");
  }

  #take(size: number): Buffer {
    this.#expect(size);
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }
}
