/** SaslHandshake (17): the mechanism by which a client will say who it is; the answer lists those that there are. */
import { array, defineApi, type Field, int16, single, string, struct } from "../schema.ts";

export interface SaslHandshakeResponse {
  readonly errorCode: number;
  readonly mechanisms: readonly string[];
}

const request: Field<string> = single(string);

const response: Field<SaslHandshakeResponse> = struct({ errorCode: int16, mechanisms: array(string) });

/** Version 0 would have SASL's own tokens follow without the protocol's frames. */
export const saslHandshakeApi = defineApi({
  key: 17,
  name: "SaslHandshake",
  minVersion: 1,
  maxVersion: 1,
  request,
  response,
});
