/**
 * SASL on a new connection: SaslHandshake names the mechanism, and its tokens go by SaslAuthenticate. Each way in which a
 * broker says no has its own error.
 */
import { randomBytes } from "node:crypto";
import { unreachable } from "../../../common/foundation/assert.ts";
import { createError } from "../../../common/foundation/errors.ts";
import type { SaslSettings, SecurityProtocol } from "../../../common/foundation/kafka-security.ts";
import { saslAuthenticateApi } from "../wire/apis/sasl-authenticate.ts";
import { saslHandshakeApi } from "../wire/apis/sasl-handshake.ts";
import { describeBrokerError, ErrorCode } from "../wire/error-codes.ts";
import type { Api } from "../wire/frame.ts";
import { ScramExchange, type ScramReading } from "./scram.ts";

/** The connection that is to be authenticated. */
export interface AuthenticationPeer {
  readonly endpoint: string;
  readonly transport: Extract<SecurityProtocol, "PLAINTEXT" | "SSL">;
  send<Q, S, DQ, DS>(api: Api<Q, S, DQ, DS>, request: Q): Promise<DS>;
}

const NONCE_BYTES = 18;
/** What of a broker's words is told. */
const DETAIL_LENGTH_MAX = 300;

export async function authenticate(peer: AuthenticationPeer, sasl: SaslSettings): Promise<void> {
  await agreeOnMechanism(peer, sasl.mechanism);
  switch (sasl.mechanism) {
    case "PLAIN":
      await sendToken(peer, sasl, "either", `\0${sasl.username}\0${sasl.password}`);
      return;
    case "SCRAM-SHA-256":
      return authenticateByScram(peer, sasl, "sha256");
    case "SCRAM-SHA-512":
      return authenticateByScram(peer, sasl, "sha512");
    default:
      return unreachable(sasl.mechanism);
  }
}

async function agreeOnMechanism({ endpoint, transport, send }: AuthenticationPeer, mechanism: string): Promise<void> {
  const { errorCode, mechanisms } = await send(saslHandshakeApi, mechanism);
  switch (errorCode) {
    case ErrorCode.NONE:
      return;
    case ErrorCode.UNSUPPORTED_SASL_MECHANISM:
      throw createError("KAFKA_MECHANISM_NOT_OFFERED", { endpoint, mechanism, offered: mechanisms });
    case ErrorCode.ILLEGAL_SASL_STATE:
      throw createError("KAFKA_SASL_UNKNOWN", { endpoint, protocol: transport });
    default: {
      const { name, code } = describeBrokerError(errorCode);
      throw createError("KAFKA_BROKER_ERROR", { what: `SaslHandshake of ${endpoint}`, name, code, detail: "" });
    }
  }
}

/** A broker looks for the user when it reads the first message, and at the password when it reads the second. */
async function authenticateByScram(peer: AuthenticationPeer, sasl: SaslSettings, digest: "sha256" | "sha512") {
  const nonce = randomBytes(NONCE_BYTES).toString("base64url");
  const exchange = new ScramExchange({ digest, nonce, username: sasl.username, password: sasl.password });
  const serverFirst = await sendToken(peer, sasl, "user", exchange.firstMessage);
  const finalMessage = requireRead(peer, sasl, await exchange.finalMessage(serverFirst));
  const serverFinal = await sendToken(peer, sasl, "password", finalMessage);
  const flaw = exchange.checkFinal(serverFinal);
  if (flaw !== undefined) requireRead(peer, sasl, { kind: "refused", reason: flaw });
}

function requireRead<T>({ endpoint }: AuthenticationPeer, { mechanism }: SaslSettings, reading: ScramReading<T>): T {
  if (reading.kind === "read") return reading.value;
  throw createError("KAFKA_SERVER_UNPROVEN", { endpoint, mechanism, reason: reading.reason });
}

async function sendToken(
  { endpoint, send }: AuthenticationPeer,
  { mechanism, username }: SaslSettings,
  stage: "user" | "password" | "either",
  token: string,
): Promise<string> {
  const { errorCode, errorMessage, token: answer } = await send(saslAuthenticateApi, Buffer.from(token, "utf8"));
  if (errorCode === ErrorCode.NONE) return answer.toString("utf8");
  if (errorCode === ErrorCode.SASL_AUTHENTICATION_FAILED) {
    const detail = (errorMessage ?? "").slice(0, DETAIL_LENGTH_MAX);
    throw createError("KAFKA_AUTHENTICATION_FAILED", { endpoint, mechanism, username, stage, detail });
  }
  const { name, code } = describeBrokerError(errorCode);
  const detail = (errorMessage ?? "").slice(0, DETAIL_LENGTH_MAX);
  throw createError("KAFKA_BROKER_ERROR", { what: `SaslAuthenticate of ${endpoint}`, name, code, detail });
}
