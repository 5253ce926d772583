/**
 * Frames, headers, and the shape that every API's codec has.
 *
 *   Frame => size:int32 header body                       size counts what follows it
 *   RequestHeader v1 => api_key:int16 api_version:int16 correlation_id:int32 client_id:nullable_string
 *   ResponseHeader v0 => correlation_id:int32
 *
 * In an API's flexible versions (compact lengths, tagged fields) both headers end with tagged fields: request header v2,
 * response header v1. Only the answer to ApiVersions never has them, as its reader does not know yet who answers. Every
 * request begins with the same fields, hence a server can read who asks for what before it knows the API.
 *
 * Our own client asks in no flexible version, since they save it nothing; except where only these tell what it needs:
 * `clientMaxVersion`.
 */
import type { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

const API_VERSIONS_KEY = 18;

/** The codec of one API, both directions. `minVersion` to `maxVersion` is what it encodes and decodes. */
export interface Api<Request, Response, DecodedRequest = Request, DecodedResponse = Response> {
  readonly key: number;
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
  /** The first flexible version; undefined when none of them is. */
  readonly flexibleFrom?: number;
  /** True: our own client asks in flexible versions, too. */
  readonly clientAsksFlexible?: boolean;
  encodeRequest(w: Writer, version: number, request: Request): void;
  decodeRequest(r: Reader, version: number): DecodedRequest;
  encodeResponse(w: Writer, version: number, response: Response): void;
  decodeResponse(r: Reader, version: number): DecodedResponse;
}

interface FlexibleVersions {
  readonly maxVersion: number;
  readonly flexibleFrom?: number;
  readonly clientAsksFlexible?: boolean;
}

export function isFlexible({ flexibleFrom }: Pick<FlexibleVersions, "flexibleFrom">, version: number): boolean {
  return flexibleFrom !== undefined && version >= flexibleFrom;
}

/** The highest version that our own client asks for. */
export function clientMaxVersion({ maxVersion, flexibleFrom, clientAsksFlexible }: FlexibleVersions): number {
  return flexibleFrom === undefined || clientAsksFlexible === true
    ? maxVersion
    : Math.min(maxVersion, flexibleFrom - 1);
}

export interface RequestHeader {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
}

/** The chunks of a whole request frame, ready for one corked write. */
export function encodeRequestFrame(header: RequestHeader, writeBody: (w: Writer) => void, flexible = false): Buffer[] {
  const w = new Writer();
  w.int32(0);
  w.int16(header.apiKey);
  w.int16(header.apiVersion);
  w.int32(header.correlationId);
  w.nullableString(header.clientId);
  w.flexible = flexible;
  w.endStruct();
  writeBody(w);
  return w.finishFrame();
}

/** What follows the correlation id: `bare` is the header without tagged fields before a flexible body. */
export type ResponseForm = "rigid" | "flexible" | "bare";

export function responseFormOf(api: { readonly key: number; readonly flexibleFrom?: number }, version: number) {
  if (!isFlexible(api, version)) return "rigid";
  return api.key === API_VERSIONS_KEY ? "bare" : "flexible";
}

/** The chunks of a whole response frame. */
export function encodeResponseFrame(
  correlationId: number,
  writeBody: (w: Writer) => void,
  form: ResponseForm = "rigid",
): Buffer[] {
  const w = new Writer();
  w.int32(0);
  w.int32(correlationId);
  w.flexible = form !== "rigid";
  if (form === "flexible") w.endStruct();
  writeBody(w);
  return w.finishFrame();
}

/** Reads the header of a request; before a body of a flexible version, `beginFlexibleBody` must follow. */
export function decodeRequestHeader(r: Reader): RequestHeader {
  return {
    apiKey: r.int16(),
    apiVersion: r.int16(),
    correlationId: r.int32(),
    clientId: r.nullableString(),
  };
}

/** Reads the rest of a flexible header, of a request or an answer; the reader then stands at the body. */
export function beginFlexibleBody(r: Reader): void {
  r.flexible = true;
  r.endStruct();
}
