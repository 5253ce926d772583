/**
 * How one gets into a Kafka: what `security.protocol` and the settings beside it come to. Certificates and keys are here
 * as texts, so that nobody who connects has to read another file, and a run goes on with what it began with.
 *
 * It holds secrets: it goes into no argument, event, log or report, and to other processes by a file of this user alone.
 */
import type { HostPort } from "./address.ts";

export const SASL_MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const;
export type SaslMechanism = (typeof SASL_MECHANISMS)[number];

/** Kafka's names of the four protocols. */
export const SECURITY_PROTOCOLS = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] as const;
export type SecurityProtocol = (typeof SECURITY_PROTOCOLS)[number];

export interface TlsSettings {
  /** The authorities that are trusted, as PEM; null: those that Node trusts, and NODE_EXTRA_CA_CERTS. */
  readonly authorities: string | null;
  /** Who we are, with the chain to our authority, as PEM; null: nobody asked. */
  readonly certificate: string | null;
  readonly key: string | null;
  readonly keyPassword: string | null;
  /** False where `ssl.endpoint.identification.algorithm` is empty: any certificate of a trusted authority will do. */
  readonly isHostNameChecked: boolean;
}

export interface SaslSettings {
  readonly mechanism: SaslMechanism;
  readonly username: string;
  readonly password: string;
}

export interface KafkaSecurity {
  readonly tls: TlsSettings | null;
  readonly sasl: SaslSettings | null;
}

/** Where a Kafka is, and how one gets in. */
export interface KafkaAccess {
  readonly bootstrap: readonly HostPort[];
  readonly security: KafkaSecurity;
}

export const PLAINTEXT: KafkaSecurity = { tls: null, sasl: null };

export function protocolOf({ tls, sasl }: KafkaSecurity): SecurityProtocol {
  if (sasl === null) return tls === null ? "PLAINTEXT" : "SSL";
  return tls === null ? "SASL_PLAINTEXT" : "SASL_SSL";
}
