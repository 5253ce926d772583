/** What it is that answers where a Kafka was expected, by the first bytes of its answer. Pure. */
import { type AppError, createError } from "../../../common/foundation/errors.ts";
import { type KafkaSecurity, protocolOf } from "../../../common/foundation/kafka-security.ts";

/** Of texts, how they begin. Each is as large a frame as no broker sends, so none is taken for an answer of Kafka. */
const GREETINGS: readonly { readonly start: string; readonly what: string }[] = [
  { start: "HTTP/", what: "an HTTP server or proxy" },
  { start: "SSH-", what: "an SSH server" },
  { start: "-ERR", what: "a Redis" },
  { start: "-NOAUTH", what: "a Redis" },
  { start: "-DENIED", what: "a Redis" },
  { start: "220 ", what: "a mail or FTP server" },
];
/** A record of TLS: the type of an alert or of the handshake, and major version 3. */
const TLS_RECORD_TYPES: readonly (number | undefined)[] = [0x15, 0x16];
const TLS_MAJOR_VERSION = 0x03;
/** As many as tell a protocol to whoever knows it. */
const SHOWN_BYTES = 8;

/** Of an answer that is none of Kafka. */
export function explainForeignAnswer(start: Buffer, endpoint: string, security: KafkaSecurity): AppError {
  if (TLS_RECORD_TYPES.includes(start[0]) && start[1] === TLS_MAJOR_VERSION) {
    const parameters = { endpoint, protocol: protocolOf(security), hasSasl: security.sasl !== null };
    return createError("KAFKA_SPEAKS_TLS", parameters);
  }
  return createError("KAFKA_NOT_A_BROKER", { endpoint, what: nameGreeting(start) ?? describeUnknown(start) });
}

/** undefined: nothing that is known here. */
export const nameGreeting = (start: Buffer): string | undefined =>
  GREETINGS.find((each) => start.subarray(0, each.start.length).toString("latin1") === each.start)?.what;

function describeUnknown(start: Buffer): string {
  const shown = [...start.subarray(0, SHOWN_BYTES)].map((byte) => byte.toString(16).padStart(2, "0"));
  return `a server of another protocol, whose answer begins with the bytes ${shown.join(" ")},`;
}
