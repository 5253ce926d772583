/** What the messages of a run take on a broker, and whether the embedded one can hold them. */
import { createError } from "../simulator/common/foundation/errors.ts";
import type { WarmUp } from "./option-values.ts";
import type { HostOptions } from "./options.ts";

/** Bytes that a record takes on a broker beside its value: the record's own header fields. */
const RECORD_OVERHEAD_BYTES = 12;

/** What messages take on a broker: in the memory of the embedded Kafka, on the disk of another. */
export const topicBytes = (options: HostOptions, messages: number): number =>
  messages * (options.messageSize + RECORD_OVERHEAD_BYTES);

/** A warm-up for a time ends earlier where a broker would have to keep more than this of it, until its topic is removed. */
const WARM_UP_BYTES_MAX = 4 * 1024 ** 3;

/** Messages of the warm-up, at most. The embedded Kafka has to have room for requests as well. */
export function warmUpMessages(options: HostOptions, warmUp: WarmUp, isEmbedded: boolean): number {
  if (warmUp.kind === "messages") return warmUp.messages;
  const bytesMax = isEmbedded ? Math.min(WARM_UP_BYTES_MAX, options.embeddedMemoryBytes / 2) : WARM_UP_BYTES_MAX;
  return Math.max(1, Math.floor(bytesMax / topicBytes(options, 1)));
}

/** The embedded Kafka keeps everything in memory: a topic that cannot fit is refused before the start. */
export function checkEmbeddedMemory(options: HostOptions, messages: number): void {
  const neededBytes = topicBytes(options, messages);
  if (neededBytes <= options.embeddedMemoryBytes) return;
  throw createError("USAGE_CONFLICT", {
    what:
      `${messages} messages of ${options.messageSize} bytes need ${neededBytes} bytes in the embedded Kafka, ` +
      `and --embedded-memory is ${options.embeddedMemoryBytes} bytes`,
    advice: "give fewer or smaller messages, more --embedded-memory, or a Kafka with a disk (--infra native, --kafka)",
  });
}
