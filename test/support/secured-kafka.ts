/**
 * A real Apache Kafka whose listeners let clients in by different rules, all at once: one broker for many refusals. The
 * certificates are made for it. Whoever starts one stops it, in afterAll or finally.
 */
import { type Certificates, createCertificates } from "./certificates.ts";
import { createClusterId, findFreePorts, type RealKafka, startRealNode } from "./real-kafka.ts";

/** With signs that JAAS, properties and SCRAM each have a meaning for. */
export const USER = { username: "alice", password: 'q"u=o,te \\s' } as const;
/** SCRAM-SHA-512 alone knows this one. */
export const SCRAM_USER = { username: "bob", password: "b0b-and-a-long-password" } as const;

export const LISTENERS = {
  PLAINTEXT: "PLAINTEXT",
  /** PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. */
  SASLALL: "SASL_PLAINTEXT",
  /** SCRAM-SHA-512 alone, by sessions that end after SESSION_LIFETIME_MS. */
  SASLTLS: "SASL_SSL",
  TLS: "SSL",
  /** Its certificate has expired. */
  EXPIRED: "SSL",
  /** Its certificate is for another host. */
  OTHERHOST: "SSL",
  /** It asks for a client certificate. */
  MUTUAL: "SSL",
} as const;
/** After it, the broker closes a connection at the next request (`connections.max.reauth.ms`). */
export const SESSION_LIFETIME_MS = 2_000;
export type ListenerName = keyof typeof LISTENERS;

export interface SecuredKafka {
  readonly certificates: Certificates;
  /** 127.0.0.1:PORT */
  at(listener: ListenerName): string;
  stop(): Promise<void>;
}

export async function startSecuredKafka(): Promise<SecuredKafka> {
  const names = Object.keys(LISTENERS) as ListenerName[];
  const [controllerPort = 0, ...ports] = await findFreePorts(names.length + 1);
  const portOf = (name: ListenerName): number => ports[names.indexOf(name)] as number;
  const certificates = createCertificates(["IP:127.0.0.1", "DNS:localhost"]);
  const places = names.map((name) => `${name}://127.0.0.1:${portOf(name)}`);
  const properties = [
    `listeners=CONTROLLER://127.0.0.1:${controllerPort},${places.join(",")}`,
    `advertised.listeners=${places.join(",")}`,
    `listener.security.protocol.map=CONTROLLER:PLAINTEXT,${names.map((name) => `${name}:${LISTENERS[name]}`).join(",")}`,
    ...saslProperties(),
    ...tlsProperties(certificates),
  ];
  let kafka: RealKafka;
  try {
    kafka = await startRealNode({
      nodeId: 1,
      port: portOf("PLAINTEXT"),
      controllerPort,
      voters: `1@127.0.0.1:${controllerPort}`,
      clusterId: createClusterId(),
      heapMb: 256,
      properties,
      formatArguments: ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((mechanism) => addScram(mechanism, SCRAM_USER)),
    });
  } catch (error) {
    certificates.remove();
    throw error;
  }
  return {
    certificates,
    at: (listener) => `127.0.0.1:${portOf(listener)}`,
    async stop() {
      await kafka.stop();
      certificates.remove();
    },
  };
}

/** For the tool that formats a storage. */
export const addScram = (
  mechanism: string,
  user: { readonly username: string; readonly password: string },
): string[] => ["--add-scram", `${mechanism}=[name="${user.username}",password="${user.password}"]`];

const PLAIN_MODULE = "org.apache.kafka.common.security.plain.PlainLoginModule";
const SCRAM_MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule";

/** A text of JAAS, and then of a .properties file. */
const quoteForJaas = (text: string): string => `"${text.replace(/[\\"]/g, "\\$&")}"`.replaceAll("\\", "\\\\");

function saslProperties(): string[] {
  const scram = (listener: string, mechanism: string) =>
    `listener.name.${listener}.${mechanism}.sasl.jaas.config=${SCRAM_MODULE} required;`;
  const user = `user_${USER.username}=${quoteForJaas(USER.password)}`;
  return [
    "listener.name.saslall.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
    `listener.name.saslall.plain.sasl.jaas.config=${PLAIN_MODULE} required ${user};`,
    scram("saslall", "scram-sha-256"),
    scram("saslall", "scram-sha-512"),
    "listener.name.sasltls.sasl.enabled.mechanisms=SCRAM-SHA-512",
    scram("sasltls", "scram-sha-512"),
    `listener.name.sasltls.scram-sha-512.connections.max.reauth.ms=${SESSION_LIFETIME_MS}`,
  ];
}

function tlsProperties({ store, otherHostStore, expiredStore, authority }: Certificates): string[] {
  const withStore = (listener: string, path: string) => [
    `listener.name.${listener}.ssl.keystore.type=PEM`,
    `listener.name.${listener}.ssl.keystore.location=${path}`,
  ];
  return [
    ...["tls", "sasltls", "mutual"].flatMap((listener) => withStore(listener, store)),
    ...withStore("expired", expiredStore),
    ...withStore("otherhost", otherHostStore),
    "listener.name.mutual.ssl.client.auth=required",
    "listener.name.mutual.ssl.truststore.type=PEM",
    `listener.name.mutual.ssl.truststore.location=${authority}`,
  ];
}

/** The value of `sasl.jaas.config` for a client, as it stands in a file. */
export function jaasLine(
  mechanism: string,
  { username, password }: { readonly username: string; readonly password: string },
) {
  const module = mechanism === "PLAIN" ? PLAIN_MODULE : SCRAM_MODULE;
  return `${module} required username="${username}" password=${quoteForJaas(password)};`;
}
