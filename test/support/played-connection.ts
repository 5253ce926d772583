/** A connection to a leader that a test plays: it keeps what it was asked, and answers when the test says so. */
import type { AnswerHandler } from "../../simulator/clients/kafka/connection.ts";
import { type FetchRequest, fetchApi } from "../../simulator/clients/kafka/wire/apis/fetch.ts";
import { clientMaxVersion, encodeResponseFrame } from "../../simulator/clients/kafka/wire/frame.ts";
import { Reader } from "../../simulator/clients/kafka/wire/reader.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";

const VERSION = clientMaxVersion(fetchApi);
/** Size and correlation id, which the connection reads. */
const HEADER_BYTES = 8;

/** One connection: what was asked on it, and its end. */
export class PlayedConnection {
  readonly endpoint = "played:1";
  isOpen = true;
  readonly asked: FetchRequest[] = [];
  #handler: AnswerHandler | null = null;

  sendInPlace(_api: unknown, request: FetchRequest, handler: AnswerHandler): void {
    this.asked.push(request);
    this.#handler = handler;
  }

  /** Answers the fetch in flight, with the same records for each partition. */
  answer(records: Buffer = Buffer.alloc(0)): void {
    const partitions = (this.asked.at(-1)?.topics[0]?.partitions ?? []).map(({ p }) => ({
      p,
      errorCode: 0,
      highWatermark: 0,
      lastStableOffset: 0,
      logStartOffset: 0,
      abortedTransactions: null,
      records: records.length === 0 ? [] : [records],
    }));
    const topics = [{ name: "t", partitions }];
    const frame = Buffer.concat(
      encodeResponseFrame(1, (w) =>
        fetchApi.encodeResponse(w, VERSION, { throttleTimeMs: 0, errorCode: 0, sessionId: 0, topics }),
      ),
    );
    const handler = this.#handler;
    this.#handler = null;
    handler?.onAnswer(new Reader(frame, HEADER_BYTES, frame.length), VERSION);
  }

  close(): void {
    this.isOpen = false;
    const handler = this.#handler;
    this.#handler = null;
    handler?.onFailure(createError("KAFKA_CLOSED", { what: "the played connection" }));
  }
}
