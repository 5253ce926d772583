/**
 * An API's messages as a table of fields, from which both directions of its codec follow: the fields in the order of
 * the wire, each with the versions that have it. For everything but produce and fetch, which are written by hand.
 *
 * S1 A field that a version does not have is not written, and is read as the value that its table gives.
 * S2 Every struct ends with its tagged fields, where the version is flexible; they are skipped.
 */
import type { Api } from "./frame.ts";
import type { Reader } from "./reader.ts";
import type { Writer } from "./writer.ts";

export interface Field<T> {
  read(r: Reader, version: number): T;
  write(w: Writer, version: number, value: T): void;
}

type Fields<T> = { readonly [Name in keyof T]: Field<T[Name]> };

export const int8: Field<number> = { read: (r) => r.int8(), write: (w, _, value) => w.int8(value) };
export const int16: Field<number> = { read: (r) => r.int16(), write: (w, _, value) => w.int16(value) };
export const int32: Field<number> = { read: (r) => r.int32(), write: (w, _, value) => w.int32(value) };
export const int64: Field<number> = { read: (r) => r.int64(), write: (w, _, value) => w.int64(value) };
export const boolean: Field<boolean> = { read: (r) => r.boolean(), write: (w, _, value) => w.boolean(value) };
export const string: Field<string> = { read: (r) => r.string(), write: (w, _, value) => w.string(value) };
export const uuid: Field<string> = { read: (r) => r.uuid(), write: (w, _, value) => w.uuid(value) };

export const nullableString: Field<string | null> = {
  read: (r) => r.nullableString(),
  write: (w, _, value) => w.nullableString(value),
};

/** Copied out of the frame, so it may be kept. Null is read as no bytes. */
export const bytes: Field<Buffer> = {
  read: (r) => {
    const range = r.nullableBytes();
    return range === undefined ? Buffer.alloc(0) : Buffer.from(r.buffer.subarray(range.start, range.end));
  },
  write: (w, _, value) => w.nullableBytes(value),
};

/** Null is read as an empty array. */
export function array<T>(element: Field<T>): Field<readonly T[]> {
  return {
    read: (r, version) => r.array(() => element.read(r, version)),
    write: (w, version, elements) => w.array(elements, (each) => element.write(w, version, each)),
  };
}

export function nullableArray<T>(element: Field<T>): Field<readonly T[] | null> {
  return {
    read: (r, version) => r.nullableArray(() => element.read(r, version)),
    write: (w, version, elements) => w.nullableArray(elements, (each) => element.write(w, version, each)),
  };
}

/** Fields in the order of the wire. */
export function struct<T extends object>(fields: Fields<T>): Field<T> {
  const entries = Object.entries(fields) as [keyof T, Field<T[keyof T]>][];
  return {
    read: (r, version) => {
      const value: Partial<T> = {};
      for (const [name, field] of entries) value[name] = field.read(r, version);
      r.endStruct();
      return value as T;
    },
    write: (w, version, value) => {
      for (const [name, field] of entries) field.write(w, version, value[name]);
      w.endStruct();
    },
  };
}

/** A struct, or null, which a byte before it tells. */
export function nullableStruct<T extends object>(fields: Field<T>): Field<T | null> {
  return {
    read: (r, version) => (r.int8() < 0 ? null : fields.read(r, version)),
    write: (w, version, value) => {
      w.int8(value === null ? -1 : 1);
      if (value !== null) fields.write(w, version, value);
    },
  };
}

/** A struct of one field. */
export function single<T>(field: Field<T>): Field<T> {
  return converted(
    struct({ field }),
    (wire) => wire.field,
    (value) => ({ field: value }),
  );
}

/** Only in the versions `from` to `to`; in others it is `absent`. */
export function between<T>(from: number, to: number, field: Field<T>, absent: T): Field<T> {
  return {
    read: (r, version) => (version >= from && version <= to ? field.read(r, version) : absent),
    write: (w, version, value) => {
      if (version >= from && version <= to) field.write(w, version, value);
    },
  };
}

export function since<T>(from: number, field: Field<T>, absent: T): Field<T> {
  return between(from, Number.POSITIVE_INFINITY, field, absent);
}

export function until<T>(to: number, field: Field<T>, absent: T): Field<T> {
  return between(0, to, field, absent);
}

/** One form below version `from`, another one from there on. */
export function reshaped<T>(from: number, below: Field<T>, onwards: Field<T>): Field<T> {
  const of = (version: number) => (version < from ? below : onwards);
  return {
    read: (r, version) => of(version).read(r, version),
    write: (w, version, value) => of(version).write(w, version, value),
  };
}

/** A form of the wire that the program sees as another one. */
export function converted<Wire, T>(
  field: Field<Wire>,
  fromWire: (wire: Wire) => T,
  toWire: (value: T) => Wire,
): Field<T> {
  return {
    read: (r, version) => fromWire(field.read(r, version)),
    write: (w, version, value) => field.write(w, version, toWire(value)),
  };
}

/** A field, and after it one that the program has no use for. */
export function beforeUnused<T, Unused>(field: Field<T>, unused: Field<Unused>, value: Unused): Field<T> {
  return {
    read: (r, version) => {
      const fieldValue = field.read(r, version);
      unused.read(r, version);
      return fieldValue;
    },
    write: (w, version, fieldValue) => {
      field.write(w, version, fieldValue);
      unused.write(w, version, value);
    },
  };
}

/** A field that the program has no use for, and after it one that it has. */
export function afterUnused<Unused, T>(unused: Field<Unused>, value: Unused, field: Field<T>): Field<T> {
  return {
    read: (r, version) => {
      unused.read(r, version);
      return field.read(r, version);
    },
    write: (w, version, fieldValue) => {
      unused.write(w, version, value);
      field.write(w, version, fieldValue);
    },
  };
}

export function defineApi<Request, Response>(api: {
  readonly key: number;
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
  /** Left out when no version is flexible. */
  readonly flexibleFrom?: number;
  readonly request: Field<Request>;
  readonly response: Field<Response>;
}): Api<Request, Response> {
  const { request, response, ...versions } = api;
  return {
    ...versions,
    encodeRequest: (w, version, value) => request.write(w, version, value),
    decodeRequest: (r, version) => request.read(r, version),
    encodeResponse: (w, version, value) => response.write(w, version, value),
    decodeResponse: (r, version) => response.read(r, version),
  };
}
