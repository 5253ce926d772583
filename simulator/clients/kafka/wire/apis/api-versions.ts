/** ApiVersions (18): which requests a broker serves, in which versions. The first request on a connection. */
import { array, converted, defineApi, type Field, int16, int32, since, string, struct } from "../schema.ts";

export type ApiVersionsRequest = Readonly<Record<never, never>>;

export interface ApiVersionsResponse {
  readonly errorCode: number;
  readonly apis: readonly ApiVersionRange[];
  readonly throttleTimeMs: number;
}

export interface ApiVersionRange {
  readonly apiKey: number;
  readonly minVersion: number;
  readonly maxVersion: number;
}

/** From v3 on the client's name and version, which nobody here asks for. */
const request: Field<ApiVersionsRequest> = converted(
  struct({ clientSoftwareName: since(3, string, ""), clientSoftwareVersion: since(3, string, "") }),
  () => ({}),
  () => ({ clientSoftwareName: "", clientSoftwareVersion: "" }),
);

const response: Field<ApiVersionsResponse> = struct({
  errorCode: int16,
  apis: array(struct({ apiKey: int16, minVersion: int16, maxVersion: int16 })),
  throttleTimeMs: since(1, int32, 0),
});

/**
 * A server that does not know the version asked for answers error 35 in the form of version 0, and the client asks
 * again with a version that is in that answer.
 */
export const apiVersionsApi = defineApi({
  key: 18,
  name: "ApiVersions",
  minVersion: 0,
  maxVersion: 4,
  flexibleFrom: 3,
  request,
  response,
});
