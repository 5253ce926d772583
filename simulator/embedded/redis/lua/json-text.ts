/** The module `cjson` of Redis: values of Lua as JSON and back. Pure. Texts hold bytes, which are UTF-8 in JSON. */
import { isUtf8 } from "node:buffer";
import { formatDouble } from "../numbers/double.ts";
import { DEPTH_MAX, JSON_NULL, type LuaTable, type LuaValue, tableOf } from "./values.ts";

const NUMBER_DIGITS = 14;
/** An array with more holes than this is a mistake, and would be long. */
const SPARSE_RATIO = 2;
const SPARSE_SAFE = 10;

/** What is wrong with the value or the text, as `cjson` says it. */
export class CodecError extends Error {
  override readonly name = "CodecError";
}

export function encodeJson(value: LuaValue): string {
  if (value === undefined || value === JSON_NULL) return "null";
  if (typeof value === "boolean") return String(value);
  if (typeof value === "string") return encodeText(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new CodecError("Cannot serialise number: must not be NaN or Inf");
    return formatDouble(value, NUMBER_DIGITS);
  }
  const length = arrayLength(value);
  if (length === undefined) {
    return `{${[...value].map(([key, element]) => `${encodeKey(key)}:${encodeJson(element)}`).join(",")}}`;
  }
  return `[${Array.from({ length }, (_, i) => encodeJson(value.get(i + 1))).join(",")}]`;
}

/** Undefined of a table that is no array; the empty one is an object. */
function arrayLength(table: LuaTable): number | undefined {
  let largest = 0;
  for (const key of table.keys()) {
    if (typeof key !== "number" || !Number.isInteger(key) || key < 1) return undefined;
    largest = Math.max(largest, key);
  }
  if (largest > SPARSE_SAFE && largest > table.size * SPARSE_RATIO) {
    throw new CodecError("Cannot serialise table: excessively sparse array");
  }
  return largest === 0 ? undefined : largest;
}

function encodeKey(key: LuaValue): string {
  if (typeof key === "number") return `"${formatDouble(key, NUMBER_DIGITS)}"`;
  if (typeof key !== "string")
    throw new CodecError(`Cannot serialise ${typeof key}: table key must be a number or string`);
  return encodeText(key);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "/": "\\/",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\f": "\\f",
  "\r": "\\r",
};

function encodeText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON escapes exactly these.
  const escaped = text.replace(/[\x00-\x1f"\\/\x7f]/g, (character) => {
    return ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return `"${escaped}"`;
}

export function decodeJson(text: string): LuaValue {
  const bytes = Buffer.from(text, "latin1");
  // Escapes like \u00e9 become UTF-8 beside bytes that are UTF-8 already; other bytes go through as they are.
  const utf8 = isUtf8(bytes);
  let parsed: unknown;
  try {
    parsed = JSON.parse(utf8 ? bytes.toString("utf8") : text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new CodecError(`Expected value but found invalid token: ${Buffer.from(error.message).toString("latin1")}`);
  }
  return fromJson(parsed, utf8 ? (found) => Buffer.from(found, "utf8").toString("latin1") : (found) => found, 0);
}

function fromJson(value: unknown, asBytes: (text: string) => string, depth: number): LuaValue {
  if (depth > DEPTH_MAX) throw new CodecError(`Found too many nested data structures (${depth})`);
  if (value === null) return JSON_NULL;
  if (typeof value === "string") return asBytes(value);
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (Array.isArray(value)) return tableOf(value.map((element) => fromJson(element, asBytes, depth + 1)));
  const entries = Object.entries(value as object);
  return new Map(entries.map(([key, element]) => [asBytes(key), fromJson(element, asBytes, depth + 1)]));
}
