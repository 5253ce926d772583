import { row } from "./error-row.ts";

/**
 * What keeps a client out of a Kafka that is there. None of it passes by itself. The sentences name protocol, mechanism
 * and user, and never a password.
 */
export const kafkaSecurityErrors = {
  KAFKA_CONFIG_REFUSED: row<{ path: string; problems: readonly string[] }>(
    "usage",
    false,
    (p) =>
      `${p.path} cannot be used as --kafka-config:${
        p.problems.length === 1 ? ` ${p.problems[0]}` : p.problems.map((problem) => `\n  - ${problem}`).join("")
      }`,
  ),
  KAFKA_SPEAKS_TLS: row<{ endpoint: string; protocol: string; hasSasl: boolean }>(
    "infrastructure",
    false,
    (p) =>
      `Kafka at ${p.endpoint} speaks TLS, and was asked with security.protocol ${p.protocol}: give --kafka-config with ${
        p.hasSasl ? "security.protocol=SASL_SSL" : "security.protocol=SSL, or SASL_SSL where it wants a user"
      }, or the address of another listener`,
  ),
  KAFKA_SPEAKS_NO_TLS: row<{ endpoint: string; protocol: string; hasSasl: boolean }>(
    "infrastructure",
    false,
    (p) =>
      `Kafka at ${p.endpoint} does not speak TLS, and was asked with security.protocol ${p.protocol}: give security.protocol=${
        p.hasSasl ? "SASL_PLAINTEXT" : "PLAINTEXT, or SASL_PLAINTEXT where it wants a user"
      }, or the address of its TLS listener`,
  ),
  KAFKA_NOT_A_BROKER: row<{ endpoint: string; what: string }>(
    "infrastructure",
    false,
    (p) => `at ${p.endpoint} answers ${p.what} and no Kafka: give the address of a broker's listener`,
  ),
  KAFKA_SASL_REQUIRED: row<{ endpoint: string; protocol: string; offered: readonly string[] }>(
    "infrastructure",
    false,
    (p) =>
      `Kafka at ${p.endpoint} wants to know who asks (SASL, by ${p.offered.join(" or ")}), and was asked with security.protocol ${p.protocol}: give --kafka-config with security.protocol=SASL_${
        p.protocol === "PLAINTEXT" ? "PLAINTEXT" : "SSL"
      }, sasl.mechanism and sasl.jaas.config`,
  ),
  KAFKA_SASL_UNKNOWN: row<{ endpoint: string; protocol: string }>(
    "infrastructure",
    false,
    (p) =>
      `the listener of Kafka at ${p.endpoint} takes no users (SASL), and was asked with security.protocol SASL_${p.protocol}: give security.protocol=${p.protocol}, or the address of its SASL listener`,
  ),
  KAFKA_MECHANISM_NOT_OFFERED: row<{ endpoint: string; mechanism: string; offered: readonly string[] }>(
    "infrastructure",
    false,
    (p) =>
      `Kafka at ${p.endpoint} does not offer sasl.mechanism ${p.mechanism}, but ${p.offered.join(", ") || "none"}: give one of these, with a user of it`,
  ),
  KAFKA_AUTHENTICATION_FAILED: row<{
    endpoint: string;
    mechanism: string;
    username: string;
    stage: "user" | "password" | "either";
    detail: string;
  }>("infrastructure", false, (p) => {
    const who = `user "${p.username}" by ${p.mechanism}`;
    const said = p.detail === "" ? "" : ` (${p.detail})`;
    switch (p.stage) {
      case "user":
        return `Kafka at ${p.endpoint} has no ${who}${said}: give one that it has, or let its administrator add ${p.mechanism} credentials for this one`;
      case "password":
        return `Kafka at ${p.endpoint} refuses the password of ${who}${said}: correct it in the file that --kafka-config names`;
      case "either":
        return `Kafka at ${p.endpoint} refuses user or password of ${who}${said}: correct them in the file that --kafka-config names`;
      default:
        return p.stage satisfies never;
    }
  }),
  KAFKA_SERVER_UNPROVEN: row<{ endpoint: string; mechanism: string; reason: string }>(
    "infrastructure",
    false,
    (p) =>
      `who answers at ${p.endpoint} does not prove by ${p.mechanism} that it is the Kafka that knows the user: ${p.reason}; see that the address is right, and that nobody stands between`,
  ),
  KAFKA_CERTIFICATE_UNTRUSTED: row<{ endpoint: string; reason: string }>(
    "infrastructure",
    false,
    (p) =>
      `the certificate of Kafka at ${p.endpoint} is of an authority that is not trusted here (${p.reason}): give the authority's certificate as PEM by ssl.truststore.location, with ssl.truststore.type=PEM, or by ssl.ca.location`,
  ),
  KAFKA_CERTIFICATE_OF_OTHER_HOST: row<{ endpoint: string; names: string }>(
    "infrastructure",
    false,
    (p) =>
      `the certificate of Kafka at ${p.endpoint} is not for that host, but for ${p.names}: give a name that it is for, or, where you know that it is the right one, an empty ssl.endpoint.identification.algorithm`,
  ),
  KAFKA_CERTIFICATE_OUT_OF_DATE: row<{ endpoint: string; reason: string }>(
    "infrastructure",
    false,
    (p) =>
      `the certificate of Kafka at ${p.endpoint} is not valid now (${p.reason}): it must be renewed on the broker; if it is valid, see the clock of this machine`,
  ),
  KAFKA_CLIENT_CERTIFICATE_REQUIRED: row<{ endpoint: string; reason: string }>(
    "infrastructure",
    false,
    (p) =>
      `Kafka at ${p.endpoint} asks for a client certificate, and none was given (${p.reason}): give one as PEM by ssl.keystore.location, with ssl.keystore.type=PEM, or by ssl.certificate.location and ssl.key.location`,
  ),
  KAFKA_CLIENT_CERTIFICATE_REFUSED: row<{ endpoint: string; reason: string }>(
    "infrastructure",
    false,
    (p) =>
      `Kafka at ${p.endpoint} refuses our client certificate (${p.reason}): give one of an authority that the broker trusts, and that is valid now`,
  ),
  KAFKA_TLS_FAILED: row<{ endpoint: string; reason: string }>(
    "infrastructure",
    false,
    (p) =>
      `Kafka at ${p.endpoint} and this client found no common TLS: ${p.reason}; the client speaks TLS 1.2 and 1.3 with the usual ciphers`,
  ),
};
