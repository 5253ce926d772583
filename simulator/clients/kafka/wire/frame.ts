/**
 * Frames, headers, and the shape that every API's codec has.
 *
 *   Frame => size:int32 header body                       size counts what follows it
 *   RequestHeader v1 => api_key:int16 api_version:int16 correlation_id:int32 client_id:nullable_string
 *   ResponseHeader v0 => correlation_id:int32
 *
 * We use no flexible version (compact strings, tagged fields), so these two headers are all there is. A flexible
 * request begins with the same fields, hence a server can still read who asks for what, and refuse it.
 */
import type { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

/** The codec of one API, both directions. `minVersion` to `maxVersion` is what it encodes and decodes. */
export interface Api<Request, Response, DecodedRequest = Request, DecodedResponse = Response> {
  readonly key: number;
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
  encodeRequest(w: Writer, version: number, request: Request): void;
  decodeRequest(r: Reader, version: number): DecodedRequest;
  encodeResponse(w: Writer, version: number, response: Response): void;
  decodeResponse(r: Reader, version: number): DecodedResponse;
}

export interface RequestHeader {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
}

/** The chunks of a whole request frame, ready for one corked write. */
export function encodeRequestFrame(header: RequestHeader, writeBody: (w: Writer) => void): Buffer[] {
  const w = new Writer();
  w.int32(0);
  w.int16(header.apiKey);
  w.int16(header.apiVersion);
  w.int32(header.correlationId);
  w.nullableString(header.clientId);
  writeBody(w);
  return w.finishFrame();
}

/** The chunks of a whole response frame. */
export function encodeResponseFrame(correlationId: number, writeBody: (w: Writer) => void): Buffer[] {
  const w = new Writer();
  w.int32(0);
  w.int32(correlationId);
  writeBody(w);
  return w.finishFrame();
}

/** Reads the header of a request; the reader then stands at the body. */
export function decodeRequestHeader(r: Reader): RequestHeader {
  return {
    apiKey: r.int16(),
    apiVersion: r.int16(),
    correlationId: r.int32(),
    clientId: r.nullableString(),
  };
}
