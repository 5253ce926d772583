/** SaslAuthenticate (36): one token of the mechanism that SaslHandshake named, and the broker's token in return. */
import { bytes, defineApi, type Field, int16, int64, nullableString, since, single, struct } from "../schema.ts";

export interface SaslAuthenticateResponse {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly token: Buffer;
  /** After so long the broker ends the connection; 0: never. */
  readonly sessionLifetimeMs: number;
}

const request: Field<Buffer> = single(bytes);

const response: Field<SaslAuthenticateResponse> = struct({
  errorCode: int16,
  errorMessage: nullableString,
  token: bytes,
  sessionLifetimeMs: since(1, int64, 0),
});

export const saslAuthenticateApi = defineApi({
  key: 36,
  name: "SaslAuthenticate",
  minVersion: 0,
  maxVersion: 2,
  flexibleFrom: 2,
  request,
  response,
});
