/**
 * Why a listener closes connections that are opened to it as the settings say. A broker does so without a word where TLS
 * or SASL is wanted or not known, as one does that dies. So the other way is tried: only an answer is proof.
 */
import type { HostPort } from "../../common/foundation/address.ts";
import { formatHostPort } from "../../common/foundation/address.ts";
import { type AppError, createError, isAppError } from "../../common/foundation/errors.ts";
import { type KafkaSecurity, PLAINTEXT, protocolOf } from "../../common/foundation/kafka-security.ts";
import { Connection } from "./connection.ts";
import { saslHandshakeApi } from "./wire/apis/sasl-handshake.ts";
import { ErrorCode } from "./wire/error-codes.ts";

/** Whoever has just closed a connection is there to answer. */
const ANSWER_DEADLINE_MS = 2_000;
/** No broker has it, so each says which it has. */
const NO_MECHANISM = "NONE";

/** undefined: it stays unexplained. */
export async function explainClosing(
  address: HostPort,
  security: KafkaSecurity,
  clientId: string,
): Promise<AppError | undefined> {
  try {
    if (security.tls !== null) return await lookWithoutTls(address, security, clientId);
    return security.sasl === null ? await lookForSasl(address, security, clientId) : undefined;
  } catch (error) {
    // Whatever it is, the closing that was to be explained is the error to tell.
    if (!isAppError(error)) throw error;
    return undefined;
  }
}

async function lookWithoutTls(address: HostPort, security: KafkaSecurity, clientId: string) {
  const connection = await open(address, PLAINTEXT, clientId).catch((error: unknown) => {
    if (!isAppError(error)) throw error;
    return undefined;
  });
  if (connection === undefined) {
    return security.sasl === null ? lookForSasl(address, security, clientId) : undefined;
  }
  connection.close();
  return createError("KAFKA_SPEAKS_NO_TLS", {
    endpoint: formatHostPort(address),
    protocol: protocolOf(security),
    hasSasl: security.sasl !== null,
  });
}

async function lookForSasl(address: HostPort, security: KafkaSecurity, clientId: string) {
  const connection = await open(address, security, clientId);
  try {
    const { errorCode, mechanisms } = await connection.send(saslHandshakeApi, NO_MECHANISM, ANSWER_DEADLINE_MS);
    if (errorCode !== ErrorCode.UNSUPPORTED_SASL_MECHANISM) return undefined;
    const endpoint = formatHostPort(address);
    return createError("KAFKA_SASL_REQUIRED", { endpoint, protocol: protocolOf(security), offered: mechanisms });
  } finally {
    connection.close();
  }
}

const open = ({ host, port }: HostPort, security: KafkaSecurity, clientId: string): Promise<Connection> =>
  Connection.open({ host, port, security, clientId, openDeadlineMs: ANSWER_DEADLINE_MS });
