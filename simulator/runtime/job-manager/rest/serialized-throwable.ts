/**
 * A cause as Flink's Java clients read it: beside its class and its text they want the object itself, as Java's
 * serialization writes an `org.apache.flink.util.SerializedThrowable`; where it is missing they ask again for a minute and
 * tell nothing. Pure. The grammar is that of the Java Object Serialization Specification, chapter 6.4; fields that a stream
 * leaves out are null.
 */
const STREAM_HEADER = [0xac, 0xed, 0, 5];
const NULL = [0x70];
const OBJECT = [0x73];
const STRING = [0x74];
const CLASS = [0x72];
const END = [0x78];
const SERIALIZABLE = [2];
/** With a method of its own that writes it, whose data has an end. */
const SERIALIZABLE_BY_METHOD = [3];
/** `L`: a field that holds an object. */
const TEXT_FIELD = [0x4c];
/** A stream's short form of a text has a length of two bytes, and a sign takes at most three. */
const TEXT_LENGTH_MAX = 20_000;

export interface SerializedCause {
  readonly class: string;
  readonly "stack-trace": string;
  /** Base64. */
  readonly "serialized-throwable": string;
}

/** `className`: of the exception that Flink would have thrown. */
export const describeCause = (className: string, reason: string): SerializedCause => ({
  class: className,
  "stack-trace": reason,
  "serialized-throwable": serializeThrowable(className, reason).toString("base64"),
});

function serializeThrowable(className: string, reason: string): Buffer {
  const own = ["fullStringifiedStackTrace", "originalErrorClassName"];
  return Buffer.from([
    ...STREAM_HEADER,
    ...OBJECT,
    ...writeClass("org.apache.flink.util.SerializedThrowable", 7_284_183_123_441_947_635n, SERIALIZABLE, own),
    ...writeClass("java.lang.Exception", -3_387_516_993_124_229_948n, SERIALIZABLE, []),
    ...writeClass("java.lang.Throwable", -3_042_686_055_658_047_285n, SERIALIZABLE_BY_METHOD, ["detailMessage"]),
    // Throwable has no superclass that is written.
    ...NULL,
    // The values follow from the uppermost class down.
    ...writeString(reason),
    ...END,
    ...writeString(reason),
    ...writeString(className),
  ]);
}

/** Without its superclass, which follows. All fields are texts. */
function writeClass(name: string, versionId: bigint, flags: readonly number[], fields: readonly string[]): number[] {
  const id = Buffer.alloc(8);
  id.writeBigInt64BE(versionId);
  const typed = fields.flatMap((field) => [...TEXT_FIELD, ...writeText(field), ...writeString("Ljava/lang/String;")]);
  return [...CLASS, ...writeText(name), ...id, ...flags, 0, fields.length, ...typed, ...END];
}

const writeString = (text: string): number[] => [...STRING, ...writeText(text)];

/** In Java's own UTF-8, which writes NUL and signs beyond 16 bits in another way: none of these is worth that. */
function writeText(text: string): number[] {
  const bytes = Buffer.from(text.slice(0, TEXT_LENGTH_MAX).replaceAll(/[\0\ud800-\udfff]/g, "?"), "utf8");
  return [bytes.length >> 8, bytes.length & 0xff, ...bytes];
}
