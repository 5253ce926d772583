/** Produce and Fetch carry record bytes untouched, and no frame makes the reader leave its bounds. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTopicsApi } from "../../../../../simulator/clients/kafka/wire/apis/create-topics.ts";
import { fetchApi, TOPIC_ID_VERSION } from "../../../../../simulator/clients/kafka/wire/apis/fetch.ts";
import { listOffsetsApi } from "../../../../../simulator/clients/kafka/wire/apis/list-offsets.ts";
import { metadataApi } from "../../../../../simulator/clients/kafka/wire/apis/metadata.ts";
import { offsetCommitApi } from "../../../../../simulator/clients/kafka/wire/apis/offset-commit.ts";
import { offsetFetchApi } from "../../../../../simulator/clients/kafka/wire/apis/offset-fetch.ts";
import { produceApi } from "../../../../../simulator/clients/kafka/wire/apis/produce.ts";
import {
  decodeRequestHeader,
  encodeRequestFrame,
  isFlexible,
} from "../../../../../simulator/clients/kafka/wire/frame.ts";
import { type ByteRange, Reader } from "../../../../../simulator/clients/kafka/wire/reader.ts";
import {
  bodyWriter,
  bytes,
  decodeAll,
  few,
  int16,
  int32,
  int64,
  nullableName,
  seed,
  topicAs,
  topicOf,
} from "./codec-support.ts";

const contentOf = (buffer: Buffer, range: ByteRange | undefined) =>
  range === undefined ? undefined : buffer.subarray(range.start, range.end).toString("hex");
const joined = (parts: readonly Buffer[]) => Buffer.concat(parts).toString("hex");

describe("Produce and Fetch carry records as they are", () => {
  for (let version = produceApi.minVersion; version <= produceApi.maxVersion; version += 1) {
    it(`Produce v${version}`, () => {
      const request = fc.record({
        transactionalId: nullableName,
        acks: fc.constantFrom(-1, 0, 1),
        timeoutMs: int32,
        topics: topicOf(fc.record({ p: int32, records: few(bytes) })),
      });
      const response = fc.record({
        topics: topicOf(
          fc.record({
            p: int32,
            errorCode: int16,
            baseOffset: int64,
            logAppendTimeMs: int64,
            logStartOffset: int64,
            errorMessage: nullableName,
          }),
        ),
        throttleTimeMs: int32,
      });
      fc.assert(
        fc.property(request, response, (q, s) => {
          const w = bodyWriter(isFlexible(produceApi, version));
          produceApi.encodeRequest(w, version, q);
          const { value, buffer } = decodeAll(w, (r) => produceApi.decodeRequest(r, version));
          const asked = mapRecords(q, joined);
          expect(mapRecords(value, (range: ByteRange | undefined) => contentOf(buffer, range))).toEqual({
            ...asked,
            topics: asked.topics.map((topic) => topicAs(topic, version >= 13)),
          });
          const responseWriter = bodyWriter(isFlexible(produceApi, version));
          produceApi.encodeResponse(responseWriter, version, s);
          const seen = s.topics.map((topic) => ({
            ...topicAs(topic, version >= 13),
            partitions: topic.partitions.map((partition) => ({
              ...partition,
              logStartOffset: version >= 5 ? partition.logStartOffset : -1,
              errorMessage: version >= 8 ? partition.errorMessage : null,
            })),
          }));
          expect(decodeAll(responseWriter, (r) => produceApi.decodeResponse(r, version)).value).toEqual({
            ...s,
            topics: seen,
          });
        }),
        { numRuns: 60, ...seed },
      );
    });
  }

  for (let version = fetchApi.minVersion; version <= fetchApi.maxVersion; version += 1) {
    it(`Fetch v${version}`, () => {
      const request = fc.record({
        maxWaitMs: int32,
        minBytes: int32,
        maxBytes: int32,
        isolationLevel: fc.constantFrom(0, 1),
        sessionId: int32,
        sessionEpoch: int32,
        topics: topicOf(fc.record({ p: int32, currentLeaderEpoch: int32, fetchOffset: int64, maxBytes: int32 })),
      });
      const response = fc.record({
        throttleTimeMs: int32,
        errorCode: int16,
        sessionId: int32,
        topics: topicOf(
          fc.record({
            p: int32,
            errorCode: int16,
            highWatermark: int64,
            lastStableOffset: int64,
            logStartOffset: int64,
            abortedTransactions: fc.option(few(fc.record({ producerId: int64, firstOffset: int64 }))),
            records: few(bytes),
          }),
        ),
      });
      fc.assert(
        fc.property(request, response, (q, s) => {
          const w = bodyWriter(isFlexible(fetchApi, version));
          fetchApi.encodeRequest(w, version, q);
          const byId = version >= TOPIC_ID_VERSION;
          const seen = {
            ...q,
            sessionId: version >= 7 ? q.sessionId : 0,
            sessionEpoch: version >= 7 ? q.sessionEpoch : -1,
            topics: q.topics.map((topic) => ({
              ...topicAs(topic, byId),
              partitions: topic.partitions.map((partition) =>
                version >= 9 ? partition : { ...partition, currentLeaderEpoch: -1 },
              ),
            })),
          };
          expect(decodeAll(w, (r) => fetchApi.decodeRequest(r, version)).value).toEqual(seen);
          const responseWriter = bodyWriter(isFlexible(fetchApi, version));
          fetchApi.encodeResponse(responseWriter, version, s);
          const { value, buffer } = decodeAll(responseWriter, (r) => fetchApi.decodeResponse(r, version));
          const mapped = mapRecords(s, joined);
          const expected = {
            ...mapped,
            topics: mapped.topics.map((topic) => topicAs(topic, byId)),
            errorCode: version >= 7 ? s.errorCode : 0,
            sessionId: version >= 7 ? s.sessionId : 0,
          };
          for (const topic of expected.topics) {
            for (const partition of topic.partitions) {
              if (version < 5) Object.assign(partition, { logStartOffset: -1 });
            }
          }
          expect(mapRecords(value, (range: ByteRange | undefined) => contentOf(buffer, range))).toEqual(expected);
        }),
        { numRuns: 60, ...seed },
      );
    });
  }
});

function mapRecords<
  T,
  P extends { readonly records: T },
  M extends { topics: readonly { partitions: readonly P[] }[] },
>(message: M, map: (records: T) => unknown) {
  return {
    ...message,
    topics: message.topics.map((topic) => ({
      ...topic,
      partitions: topic.partitions.map((partition) => ({ ...partition, records: map(partition.records) })),
    })),
  };
}

describe("a frame", () => {
  it("begins with its size and the request header", () => {
    const header = { apiKey: 18, apiVersion: 2, correlationId: 7, clientId: "client" };
    const frame = Buffer.concat(encodeRequestFrame(header, () => undefined));
    expect(frame.toString("hex")).toBe(
      `00000010${"0012"}${"0002"}${"00000007"}${"0006"}${Buffer.from("client").toString("hex")}`,
    );
    expect(decodeRequestHeader(new Reader(frame, 4))).toEqual(header);
  });

  it("is refused when a length points outside of it, whatever the bytes", () => {
    const apis = [metadataApi, produceApi, fetchApi, listOffsetsApi, offsetCommitApi, offsetFetchApi, createTopicsApi];
    fc.assert(
      fc.property(fc.constantFrom(...apis), fc.uint8Array({ maxLength: 200 }), fc.nat(), (api, noise, pick) => {
        const version = api.minVersion + (pick % (api.maxVersion - api.minVersion + 1));
        const r = new Reader(Buffer.from(noise));
        try {
          api.decodeRequest(r, version);
        } catch (error) {
          expect(error).toMatchObject({ code: "KAFKA_MALFORMED" });
        }
        expect(r.position).toBeLessThanOrEqual(noise.length);
      }),
      { numRuns: 500, ...seed },
    );
  });

  it("is refused before an array of impossible length is allocated", () => {
    const w = bodyWriter();
    w.int32(0x7fffffff);
    const frame = Buffer.concat(w.finishFrame());
    expect(() => metadataApi.decodeRequest(new Reader(frame, 4), 4)).toThrow(/2147483647 elements/);
  });
});
