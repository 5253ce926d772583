/**
 * The TaskManager's implementation of the message grammar (`contract/message.ts`). Pure.
 *
 * The fixed form is checked four bytes at a time, as little-endian 32-bit words: its literals are known words, and four
 * digits are checked and converted at once. All else goes the slow path through JSON.
 */
import { MESSAGE, type RejectReason } from "../../common/contract/message.ts";

/** The shortest value of the fixed form: an empty payload. */
export const FIXED_SIZE_MIN = MESSAGE.payloadAt + MESSAGE.suffix.length;

/** Four characters of a literal as a signed word, as `DataView.getInt32(position, true)` reads them. */
function wordOf(text: string, at: number): number {
  return (
    text.charCodeAt(at) |
    (text.charCodeAt(at + 1) << 8) |
    (text.charCodeAt(at + 2) << 16) |
    (text.charCodeAt(at + 3) << 24)
  );
}

// A literal of seven or eight bytes is covered by two words, which overlap when it has seven.
const ID_PREFIX_0 = wordOf(MESSAGE.idPrefix, 0);
const ID_PREFIX_3 = wordOf(MESSAGE.idPrefix, 3);
const TS_PREFIX_0 = wordOf(MESSAGE.tsPrefix, 0);
const TS_PREFIX_4 = wordOf(MESSAGE.tsPrefix, 4);
const PAYLOAD_PREFIX_0 = wordOf(MESSAGE.payloadPrefix, 0);
const PAYLOAD_PREFIX_3 = wordOf(MESSAGE.payloadPrefix, 3);
const SUFFIX = MESSAGE.suffix.charCodeAt(0) | (MESSAGE.suffix.charCodeAt(1) << 8);

const ID_PREFIX_AT = 0;
const TS_PREFIX_AT = MESSAGE.idAt + MESSAGE.idDigits;
const PAYLOAD_PREFIX_AT = MESSAGE.tsAt + MESSAGE.tsDigits;

/** True when all literals of the fixed form are in their places. The value must have at least FIXED_SIZE_MIN bytes. */
export function hasFixedLiterals(view: DataView, at: number, size: number): boolean {
  return (
    view.getInt32(at + ID_PREFIX_AT, true) === ID_PREFIX_0 &&
    view.getInt32(at + ID_PREFIX_AT + 3, true) === ID_PREFIX_3 &&
    view.getInt32(at + TS_PREFIX_AT, true) === TS_PREFIX_0 &&
    view.getInt32(at + TS_PREFIX_AT + 4, true) === TS_PREFIX_4 &&
    view.getInt32(at + PAYLOAD_PREFIX_AT, true) === PAYLOAD_PREFIX_0 &&
    view.getInt32(at + PAYLOAD_PREFIX_AT + 3, true) === PAYLOAD_PREFIX_3 &&
    view.getUint16(at + size - 2, true) === SUFFIX
  );
}

/**
 * True when the four bytes of a word are all digits. The high half of each byte must be 3, and must still be 3 after
 * adding 6 to it, which carries `:` to `?` into the next high half.
 */
export function isFourDigits(word: number): boolean {
  return (word & 0xf0f0f0f0) === 0x30303030 && ((word + 0x06060606) & 0xf0f0f0f0) === 0x30303030;
}

/** The number that four digits write. Each byte becomes ten times itself plus its right neighbour; no byte overflows. */
export function readFourDigits(word: number): number {
  const digits = word & 0x0f0f0f0f;
  const pairs = (digits * 10 + (digits >>> 8)) & 0x00ff00ff;
  return (pairs & 0xff) * 100 + (pairs >>> 16);
}

/** Reads a value that has not the fixed form: its id, or why it is no message. Such values take no part in latency. */
export function readOtherMessage(value: Buffer): number | RejectReason {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value.toString("utf8"));
  } catch {
    // Not JSON is one of the outcomes of the grammar.
    return "notJson";
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return "notObject";
  if (!Object.hasOwn(parsed, "id")) return "idMissing";
  const id = (parsed as { readonly id: unknown }).id;
  if (typeof id !== "number" && (typeof id !== "string" || !/^\d+$/.test(id))) return "idInvalid";
  const number = Number(id);
  return Number.isInteger(number) && number >= 1 && number <= MESSAGE.idMax ? number : "idInvalid";
}
