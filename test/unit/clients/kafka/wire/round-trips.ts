/** Every version that an API claims: what one side encodes, the other side decodes to the same. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Api, isFlexible } from "../../../../../simulator/clients/kafka/wire/frame.ts";
import { bodyWriter, decodeAll, seed } from "./codec-support.ts";

interface Side<T> {
  readonly arbitrary: fc.Arbitrary<T>;
  /** What a version carries of it: fields that it lacks get the value that decoding gives them. */
  readonly seenBy?: (value: T, version: number) => unknown;
}

export function roundTrips<Q, S>(api: Api<Q, S>, request: Side<Q>, response: Side<S>): void {
  describe(api.name, () => {
    for (let version = api.minVersion; version <= api.maxVersion; version += 1) {
      it(`v${version} carries requests and responses unchanged`, () => {
        fc.assert(
          fc.property(request.arbitrary, response.arbitrary, (q, s) => {
            const requestWriter = bodyWriter(isFlexible(api, version));
            api.encodeRequest(requestWriter, version, q);
            expect(decodeAll(requestWriter, (r) => api.decodeRequest(r, version)).value).toEqual(
              request.seenBy?.(q, version) ?? q,
            );
            const responseWriter = bodyWriter(isFlexible(api, version));
            api.encodeResponse(responseWriter, version, s);
            expect(decodeAll(responseWriter, (r) => api.decodeResponse(r, version)).value).toEqual(
              response.seenBy?.(s, version) ?? s,
            );
          }),
          { numRuns: 60, ...seed },
        );
      });
    }
  });
}
