/** What the messages of a run take on a broker, and whether the embedded one can hold them. */
import { createError } from "../simulator/common/foundation/errors.ts";
import type { HostOptions } from "./options.ts";

/** Bytes that a record takes on a broker beside its value: the record's own header fields. */
const RECORD_OVERHEAD_BYTES = 12;

/** What messages take on a broker: in the memory of the embedded Kafka, on the disk of another. */
export const topicBytes = (options: HostOptions, messages: number): number =>
  messages * (options.messageSize + RECORD_OVERHEAD_BYTES);

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
