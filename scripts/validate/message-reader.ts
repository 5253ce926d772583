/**
 * The validator's own implementation of the message grammar (`contract/message.ts`). Pure. It shares no code with the
 * TaskManager's, so that a mistake in one of them shows as a difference of counts or checksums.
 */
import { MESSAGE, type RejectReason } from "../../simulator/common/contract/message.ts";

const FIXED_FORM_BYTES_MIN = MESSAGE.payloadAt + MESSAGE.suffix.length;
const literalBytes = Buffer.from(`${MESSAGE.idPrefix}${MESSAGE.tsPrefix}${MESSAGE.payloadPrefix}${MESSAGE.suffix}`);
const literals = new DataView(literalBytes.buffer, literalBytes.byteOffset, literalBytes.length);

// Words of the literals, big-endian as they lie in memory; the second word of a seven-byte literal overlaps the first.
const ID_HEAD = literals.getInt32(0);
const ID_TAIL = literals.getInt32(3);
const TS_HEAD = literals.getInt32(7);
const TS_TAIL = literals.getInt32(11);
const PAYLOAD_HEAD = literals.getInt32(15);
const PAYLOAD_TAIL = literals.getInt32(18);
const SUFFIX = literals.getInt16(22);
const TS_PREFIX_AT = MESSAGE.idAt + MESSAGE.idDigits;
const PAYLOAD_PREFIX_AT = MESSAGE.tsAt + MESSAGE.tsDigits;

/** The id of a value of the fixed form; 0 when it has another form (or the id 0, which is none). */
export function readFixedId(view: DataView, at: number, size: number): number {
  if (size < FIXED_FORM_BYTES_MIN) return 0;
  const literalsFit =
    view.getInt32(at) === ID_HEAD &&
    view.getInt32(at + 3) === ID_TAIL &&
    view.getInt32(at + TS_PREFIX_AT) === TS_HEAD &&
    view.getInt32(at + TS_PREFIX_AT + 4) === TS_TAIL &&
    view.getInt32(at + PAYLOAD_PREFIX_AT) === PAYLOAD_HEAD &&
    view.getInt32(at + PAYLOAD_PREFIX_AT + 3) === PAYLOAD_TAIL &&
    view.getInt16(at + size - 2) === SUFFIX;
  if (!literalsFit) return 0;
  // Each digit is 0x30 + its value, so xor leaves the values; what is no digit leaves bits that `isDigits` finds.
  const id0 = view.getInt32(at + MESSAGE.idAt) ^ 0x30303030;
  const id1 = view.getInt32(at + MESSAGE.idAt + 4) ^ 0x30303030;
  const id2 = view.getInt32(at + MESSAGE.idAt + 8) ^ 0x30303030;
  const ts0 = view.getInt32(at + MESSAGE.tsAt) ^ 0x30303030;
  const ts1 = view.getInt32(at + MESSAGE.tsAt + 4) ^ 0x30303030;
  const ts2 = view.getInt32(at + MESSAGE.tsAt + 8) ^ 0x30303030;
  const ts3 = view.getInt32(at + MESSAGE.tsAt + 12) ^ 0x30303030;
  const digits =
    notDigits(id0) |
    notDigits(id1) |
    notDigits(id2) |
    notDigits(ts0) |
    notDigits(ts1) |
    notDigits(ts2) |
    notDigits(ts3);
  if ((digits & 0x80808080) !== 0) return 0;
  return digitsValue(id0) * 100_000_000 + (digitsValue(id1) * 10_000 + digitsValue(id2));
}

/** Has a byte's high bit set where a byte is above 9. Adding 0x76 lifts 10…0x89 into the high bit; higher ones have it. */
function notDigits(word: number): number {
  return (word + 0x76767676) | 0 | word;
}

function digitsValue(word: number): number {
  return (word >>> 24) * 1000 + ((word >>> 16) & 0xff) * 100 + ((word >>> 8) & 0xff) * 10 + (word & 0xff);
}

/** The id of any value, or why it is no message. A null value has a size below 0. */
export function readMessageId(buffer: Buffer, view: DataView, at: number, size: number): number | RejectReason {
  if (size < 0) return "tombstone";
  const fixed = readFixedId(view, at, size);
  return fixed !== 0 ? fixed : readJsonId(size > 0 ? buffer.toString("utf8", at, at + size) : "");
}

function readJsonId(text: string): number | RejectReason {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The grammar's first question: is it JSON at all?
    return "notJson";
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) return "notObject";
  const own = Object.getOwnPropertyDescriptor(value, "id");
  if (own === undefined) return "idMissing";
  const id: unknown = own.value;
  const isText = typeof id === "string" && /^[0-9]+$/.test(id);
  if (typeof id !== "number" && !isText) return "idInvalid";
  const number = Number(id);
  return Number.isInteger(number) && number >= 1 && number <= MESSAGE.idMax ? number : "idInvalid";
}

/** The stamp of a value of the fixed form in µs; null for other values. */
export function readStampUs(buffer: Buffer, view: DataView, at: number, size: number): number | null {
  if (readFixedId(view, at, size) === 0) return null;
  const stampUs = Number(buffer.toString("latin1", at + MESSAGE.tsAt, at + MESSAGE.tsAt + MESSAGE.tsDigits));
  return Number.isSafeInteger(stampUs) ? stampUs : null;
}

/** The payload of a value of the fixed form, else the whole value; cut to what a report can show. */
export function readPayload(buffer: Buffer, view: DataView, at: number, size: number): string {
  const shownMax = 200;
  const fixed = readFixedId(view, at, size) !== 0;
  const from = fixed ? at + MESSAGE.payloadAt : at;
  const to = fixed ? at + size - MESSAGE.suffix.length : at + size;
  const text = buffer.toString("utf8", from, Math.min(to, from + shownMax));
  return to - from > shownMax ? `${text}…` : text;
}
