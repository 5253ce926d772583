/**
 * The settings of TLS among the client properties: Kafka's, with stores of type PEM, and librdkafka's. What was read is
 * tried once as a whole, so that a key which does not fit its certificate is told here, and not by the broker.
 */
import { quoteForShell } from "../../simulator/common/foundation/foreign-syntax.ts";
import type { TlsSettings } from "../../simulator/common/foundation/kafka-security.ts";
import { convertingCommand, readPem, recogniseStore } from "./pem.ts";

export const TLS_KEYS = [
  "ssl.truststore.location",
  "ssl.truststore.type",
  "ssl.truststore.password",
  "ssl.truststore.certificates",
  "ssl.ca.location",
  "ssl.ca.pem",
  "ssl.keystore.location",
  "ssl.keystore.type",
  "ssl.keystore.password",
  "ssl.keystore.key",
  "ssl.keystore.certificate.chain",
  "ssl.certificate.location",
  "ssl.certificate.pem",
  "ssl.key.location",
  "ssl.key.pem",
  "ssl.key.password",
  "ssl.endpoint.identification.algorithm",
  "enable.ssl.certificate.verification",
];

/** By key; values without the blanks around them, as Kafka takes all of its settings. */
export type Settings = ReadonlyMap<string, string>;
export type TellProblem = (problem: string) => void;

export type FileReading =
  | { readonly kind: "read"; readonly bytes: Buffer }
  /** Completes "… PATH REASON". */
  | { readonly kind: "failed"; readonly reason: string };

type ReadFile = (path: string) => FileReading;

/** null: what is wrong is told already. */
export function readTlsSettings(settings: Settings, readFile: ReadFile, tell: TellProblem): TlsSettings | null {
  let isWhole = true;
  const tellOnce: TellProblem = (problem) => {
    isWhole = false;
    tell(problem);
  };
  const pem = new PemSource(settings, readFile, tellOnce);
  const store = pem.read("ssl.keystore.location", "keystore");
  const tls: TlsSettings = {
    authorities:
      pem.read("ssl.truststore.location", "truststore")?.certificates ??
      pem.read("ssl.ca.location", "truststore")?.certificates ??
      pem.given("ssl.truststore.certificates")?.certificates ??
      pem.given("ssl.ca.pem")?.certificates ??
      null,
    certificate:
      store?.certificates ??
      pem.given("ssl.keystore.certificate.chain")?.certificates ??
      pem.read("ssl.certificate.location", "keystore")?.certificates ??
      pem.given("ssl.certificate.pem")?.certificates ??
      null,
    key:
      store?.key ??
      pem.given("ssl.keystore.key")?.key ??
      pem.read("ssl.key.location", "keystore")?.key ??
      pem.given("ssl.key.pem")?.key ??
      null,
    keyPassword: settings.get("ssl.key.password") ?? null,
    isHostNameChecked: readHostNameCheck(settings, tellOnce),
  };
  if (settings.get("enable.ssl.certificate.verification")?.toLowerCase() === "false") {
    tellOnce("enable.ssl.certificate.verification=false is not done: give the broker's authority by ssl.ca.location");
  }
  if (isWhole) tryTogether(tls, tellOnce);
  return isWhole ? tls : null;
}

class PemSource {
  readonly #settings: Settings;
  readonly #readFile: ReadFile;
  readonly #tell: TellProblem;

  constructor(settings: Settings, readFile: ReadFile, tell: TellProblem) {
    this.#settings = settings;
    this.#readFile = readFile;
    this.#tell = tell;
  }

  /** From the setting itself. */
  given(key: string) {
    const text = this.#settings.get(key);
    if (text === undefined) return undefined;
    const blocks = readPem(text);
    if (blocks.certificates === "" && blocks.key === "") this.#tell(`${key} holds no PEM`);
    return blocks;
  }

  /** From the file that the setting names. */
  read(key: string, use: "truststore" | "keystore") {
    const path = this.#settings.get(key);
    if (path === undefined) return undefined;
    const file = this.#readFile(path);
    if (file.kind === "failed") {
      this.#tell(`${key}: ${path} ${file.reason}`);
      return undefined;
    }
    const type = recogniseStore(file.bytes);
    if (type === "PEM") return readPem(file.bytes.toString("latin1"));
    if (type === undefined) {
      this.#tell(`${key}: ${path} is no PEM`);
      return undefined;
    }
    const command = convertingCommand(type, use, quoteForShell(path));
    this.#tell(
      `${key}: ${path} is a ${type} store, and this client reads PEM: make one of it by "${command}", and name that`,
    );
    return undefined;
  }
}

function readHostNameCheck(settings: Settings, tell: TellProblem): boolean {
  const algorithm = (settings.get("ssl.endpoint.identification.algorithm") ?? "https").toLowerCase();
  if (!["https", "", "none"].includes(algorithm)) {
    tell("ssl.endpoint.identification.algorithm is neither https nor empty");
  }
  return algorithm === "https";
}

function tryTogether(tls: TlsSettings, tell: TellProblem): void {
  const { authorities, certificate, key, keyPassword } = tls;
  if (authorities === "") tell("the trust store holds no certificate");
  if ((certificate ?? "") === "" && (key ?? "") === "") return;
  if ((certificate ?? "") === "" || (key ?? "") === "") {
    tell(`a client certificate needs ${(key ?? "") === "" ? "its private key" : "a certificate beside the key"}`);
    return;
  }
  try {
    process.getBuiltinModule("node:tls").createSecureContext({
      cert: certificate as string,
      key: key as string,
      ...(keyPassword === null ? {} : { passphrase: keyPassword }),
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = (code ?? message)
      .replace(/^ERR_(SSL|OSSL)_/, "")
      .replaceAll("_", " ")
      .toLowerCase();
    tell(`certificate and key of the client cannot be used together, or ssl.key.password is not right (${reason})`);
  }
}
