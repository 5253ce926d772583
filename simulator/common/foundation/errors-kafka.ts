import { row } from "./error-row.ts";

/** Errors of the Kafka client. A broker's own error codes are classified in `clients/kafka/wire/error-codes.ts`. */
export const kafkaErrors = {
  KAFKA_UNREACHABLE: row<{ endpoint: string; waitedMs: number }>(
    "infrastructure",
    true,
    (p) => `Kafka at ${p.endpoint} did not answer within ${p.waitedMs} ms: is it running, and is the address right?`,
  ),
};
