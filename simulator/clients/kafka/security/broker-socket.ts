/**
 * The one place that opens a socket to a broker: plain, or TLS with the check of certificate and host name. Beside it,
 * what a failure of TLS means. Node's codes are the only thing that tells the failures apart.
 */
import { connect as connectPlain, isIP, type Socket, type TcpNetConnectOpts } from "node:net";
import type { ConnectionOptions } from "node:tls";
import type { HostPort } from "../../../common/foundation/address.ts";
import { type AppError, createError } from "../../../common/foundation/errors.ts";
import { type KafkaSecurity, protocolOf, type TlsSettings } from "../../../common/foundation/kafka-security.ts";

export type SocketSettings = Pick<TcpNetConnectOpts, "noDelay" | "keepAlive" | "keepAliveInitialDelay" | "onread">;

/** What is written to it before TLS is agreed upon waits until it is. */
export function openBrokerSocket({ host, port }: HostPort, { tls }: KafkaSecurity, settings: SocketSettings): Socket {
  if (tls === null) return connectPlain({ ...settings, host, port });
  // Loaded only where it is used: it would be a fifth of the time to load a TaskManager, and twenty of them start at once.
  const { connect: connectTls } = process.getBuiltinModule("node:tls");
  // Node passes what it does not name in its types on to the socket beneath.
  return connectTls({ ...settings, ...describeTls(tls, host), host, port } as ConnectionOptions);
}

function describeTls(tls: TlsSettings, host: string): ConnectionOptions {
  return {
    // An address is no server name; the certificate is held against it all the same.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(tls.authorities === null ? {} : { ca: tls.authorities }),
    ...(tls.certificate === null ? {} : { cert: tls.certificate }),
    ...(tls.key === null ? {} : { key: tls.key }),
    ...(tls.keyPassword === null ? {} : { passphrase: tls.keyPassword }),
    ...(tls.isHostNameChecked ? {} : { checkServerIdentity: () => undefined }),
    minVersion: "TLSv1.2",
  };
}

/** Of OpenSSL's verification: no way leads from the certificate to a trusted authority. */
const UNTRUSTED: readonly unknown[] = [
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "CERT_REJECTED",
  "INVALID_CA",
  "INVALID_PURPOSE",
];
const OUT_OF_DATE: readonly unknown[] = ["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"];
/** What came from the peer is no record of TLS. */
const NOT_TLS: readonly unknown[] = [
  "ERR_SSL_WRONG_VERSION_NUMBER",
  "ERR_SSL_PACKET_LENGTH_TOO_LONG",
  "ERR_SSL_HTTP_REQUEST",
  "ERR_SSL_UNEXPECTED_MESSAGE",
];
/** Alerts by which a server says what it thinks of the client's certificate, or of the lack of one. */
const CLIENT_CERTIFICATE = /ALERT_(BAD_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED)$/;

/** OpenSSL's own text, as in "write EPROTO …:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:…". */
const FAILED_WRITE = /:error:[0-9A-F]+:SSL routines:[^:]*:([^:]+):/;

/** Node gives a failure of TLS its code where it shows while something is read, and not while something is written. */
function codeOf({ code = "", message }: NodeJS.ErrnoException): string {
  const reason = code === "EPROTO" ? FAILED_WRITE.exec(message)?.[1] : undefined;
  return reason === undefined ? code : `ERR_SSL_${reason.replaceAll(" ", "_").toUpperCase()}`;
}

/** undefined: it is none of TLS, or may pass by itself. */
export function explainTlsFailure(
  error: NodeJS.ErrnoException,
  endpoint: string,
  security: KafkaSecurity,
): AppError | undefined {
  const { tls, sasl } = security;
  if (tls === null) return undefined;
  const code = codeOf(error);
  // Node's own sentences advise flags of Node, which nobody can give here.
  const reason = code
    .replace(/^ERR_SSL_/, "")
    .replaceAll("_", " ")
    .toLowerCase();
  if (UNTRUSTED.includes(code)) return createError("KAFKA_CERTIFICATE_UNTRUSTED", { endpoint, reason });
  if (OUT_OF_DATE.includes(code)) return createError("KAFKA_CERTIFICATE_OUT_OF_DATE", { endpoint, reason });
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    const { subjectaltname: names = "none" } = (error as { cert?: { subjectaltname?: string } }).cert ?? {};
    return createError("KAFKA_CERTIFICATE_OF_OTHER_HOST", { endpoint, names });
  }
  if (NOT_TLS.includes(code)) {
    const parameters = { endpoint, protocol: protocolOf(security), hasSasl: sasl !== null };
    return createError("KAFKA_SPEAKS_NO_TLS", parameters, error);
  }
  if (!code.startsWith("ERR_SSL_")) return undefined;
  if (!CLIENT_CERTIFICATE.test(code)) return createError("KAFKA_TLS_FAILED", { endpoint, reason }, error);
  const row = tls.certificate === null ? "KAFKA_CLIENT_CERTIFICATE_REQUIRED" : "KAFKA_CLIENT_CERTIFICATE_REFUSED";
  return createError(row, { endpoint, reason });
}
