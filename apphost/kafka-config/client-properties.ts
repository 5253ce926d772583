/**
 * The client properties of Kafka, of its own tools and of librdkafka, as this client understands them. Pure but for
 * `readFile`, by which certificates and keys are had.
 *
 * P1 A key is used, ignored because it only tunes a client or belongs to a protocol that is not used, or refused by name.
 * P2 Everything that is wrong is told at once. No problem holds a value that could be a secret.
 */
import { type HostPort, parseHostPort } from "../../simulator/common/foundation/address.ts";
import {
  type KafkaSecurity,
  SASL_MECHANISMS,
  type SaslSettings,
  SECURITY_PROTOCOLS,
  type SecurityProtocol,
} from "../../simulator/common/foundation/kafka-security.ts";
import { findNearest } from "../usage.ts";
import { parseJaasLine } from "./jaas-line.ts";
import { parseProperties } from "./java-properties.ts";
import { type FileReading, readTlsSettings, type Settings, type TellProblem, TLS_KEYS } from "./tls-properties.ts";
import { isTuningKey } from "./tuning-keys.ts";

export interface ClientProperties {
  /** null: the file names none. */
  readonly bootstrap: readonly HostPort[] | null;
  readonly security: KafkaSecurity;
  /** Keys that are not used, as they are told. */
  readonly ignored: readonly string[];
}

export type ClientPropertiesReading =
  | { readonly kind: "read"; readonly properties: ClientProperties }
  | { readonly kind: "refused"; readonly problems: readonly string[] };

const COMMON_KEYS = ["bootstrap.servers", "metadata.broker.list", "security.protocol"];
const SASL_KEYS = ["sasl.mechanism", "sasl.mechanisms", "sasl.jaas.config", "sasl.username", "sasl.password"];
const KNOWN_KEYS = [...COMMON_KEYS, ...SASL_KEYS, ...TLS_KEYS];

export function readClientProperties(text: string, readFile: (path: string) => FileReading): ClientPropertiesReading {
  const reading = parseProperties(text);
  if (reading.kind === "refused") return { kind: "refused", problems: [reading.reason] };
  const settings = new Map([...reading.values].map(([key, value]) => [key, value.trim()]));
  const problems: string[] = [];
  const tell: TellProblem = (problem) => void problems.push(problem);
  for (const key of settings.keys()) if (!isKnown(key)) tell(describeUnknown(key));
  const protocol = readProtocol(settings, tell);
  const bootstrap = readBootstrap(settings, tell);
  const tls = protocol === "SSL" || protocol === "SASL_SSL" ? readTlsSettings(settings, readFile, tell) : null;
  const sasl = protocol.startsWith("SASL") ? readSasl(settings, tell) : null;
  if (problems.length > 0) return { kind: "refused", problems };
  const ignored = [
    ...[...settings.keys()].filter(isTuningKey),
    ...listUnused(settings, TLS_KEYS, tls === null, protocol),
    ...listUnused(settings, SASL_KEYS, sasl === null, protocol),
  ];
  return { kind: "read", properties: { bootstrap, security: { tls, sasl }, ignored } };
}

const isKnown = (key: string): boolean => KNOWN_KEYS.includes(key) || isTuningKey(key);

function describeUnknown(key: string): string {
  if (/^sasl\.(kerberos|oauthbearer|login|client)\./.test(key)) {
    return `${key} belongs to a way of logging in that this client does not speak: it speaks ${SASL_MECHANISMS.join(", ")}`;
  }
  const nearest = findNearest(key, KNOWN_KEYS);
  return `${key} is not known${nearest === null ? "" : `: did you mean ${nearest}?`}`;
}

const listUnused = (settings: Settings, keys: readonly string[], isUnused: boolean, protocol: string): string[] =>
  keys.filter((key) => isUnused && settings.has(key)).map((key) => `${key} (security.protocol is ${protocol})`);

function readProtocol(settings: Settings, tell: TellProblem): SecurityProtocol {
  const given = settings.get("security.protocol") ?? "PLAINTEXT";
  const protocol = SECURITY_PROTOCOLS.find((each) => each === given.toUpperCase());
  if (protocol === undefined) tell(`security.protocol is none of ${SECURITY_PROTOCOLS.join(", ")}`);
  return protocol ?? "PLAINTEXT";
}

/** Java takes a protocol before an address, and gives it no meaning. */
const PROTOCOL_PREFIX = /^[\w.-]+:\/\//;

function readBootstrap(settings: Settings, tell: TellProblem): readonly HostPort[] | null {
  const text = settings.get("bootstrap.servers") ?? settings.get("metadata.broker.list") ?? "";
  if (text === "") return null;
  const parts = text.split(",").map((part) => part.trim());
  const addresses = parts.filter((part) => part !== "").map((part) => parseHostPort(part.replace(PROTOCOL_PREFIX, "")));
  const read = addresses.filter((address) => address !== undefined);
  if (read.length < addresses.length) tell("bootstrap.servers is not HOST:PORT[,HOST:PORT…]");
  return read;
}

/** undefined is told already. */
function readSasl(settings: Settings, tell: TellProblem): SaslSettings | null {
  const given = settings.get("sasl.mechanism") ?? settings.get("sasl.mechanisms");
  const mechanism = SASL_MECHANISMS.find((each) => each === given?.toUpperCase());
  if (mechanism === undefined) {
    const what = given === undefined ? "is missing, and Kafka's default, GSSAPI, is not spoken" : "is not spoken";
    tell(`sasl.mechanism ${what}: give one of ${SASL_MECHANISMS.join(", ")}`);
    return null;
  }
  const jaas = settings.get("sasl.jaas.config");
  const credentials = jaas === undefined ? readPlainCredentials(settings) : readJaas(jaas, mechanism, tell);
  if (credentials === undefined) return null;
  const { username, password } = credentials;
  if (username !== "" && password !== undefined) return { mechanism, username, password };
  const source = jaas === undefined ? "sasl.jaas.config, or sasl.username and sasl.password," : "sasl.jaas.config";
  tell(`${source} must give username and password`);
  return null;
}

interface Credentials {
  readonly username: string;
  readonly password: string | undefined;
}

const readPlainCredentials = (settings: Settings): Credentials => ({
  username: settings.get("sasl.username") ?? "",
  password: settings.get("sasl.password"),
});

const LOGIN_MODULES = { PLAIN: "PlainLoginModule", SCRAM: "ScramLoginModule" } as const;

function readJaas(line: string, mechanism: SaslSettings["mechanism"], tell: TellProblem): Credentials | undefined {
  const reading = parseJaasLine(line);
  if (reading.kind === "refused") {
    tell(`sasl.jaas.config cannot be read: ${reading.reason}`);
    return undefined;
  }
  const { name, options } = reading.module;
  const expected = LOGIN_MODULES[mechanism === "PLAIN" ? "PLAIN" : "SCRAM"];
  if (name.split(".").at(-1) !== expected) {
    tell(`sasl.jaas.config has another login module than ${expected}, which sasl.mechanism ${mechanism} needs`);
    return undefined;
  }
  if (options.get("tokenauth")?.toLowerCase() === "true") {
    tell("sasl.jaas.config asks for a delegation token (tokenauth), which this client does not speak");
    return undefined;
  }
  return { username: options.get("username") ?? "", password: options.get("password") };
}
