/** Certificates and keys as PEM, and what to do with the stores of Java. Pure. */

/** Of a file or of a setting: its blocks by their kind. */
export interface PemBlocks {
  /** All certificates, in their order; empty: none. */
  readonly certificates: string;
  /** Of the private key; empty: none. */
  readonly key: string;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/g;
/** OpenSSL's own form of an encrypted key: lines of a header before the base64. */
const HEADER = /^[A-Za-z-]+:/m;

export function readPem(text: string): PemBlocks {
  const blocks = [...text.matchAll(BLOCK)].map(([, label = "", body = ""]) => ({
    label,
    pem: formatBlock(label, body),
  }));
  const certificates = blocks.filter(({ label }) => label.endsWith("CERTIFICATE")).map(({ pem }) => pem);
  const keys = blocks.filter(({ label }) => label.endsWith("PRIVATE KEY")).map(({ pem }) => pem);
  return { certificates: certificates.join(""), key: keys[0] ?? "" };
}

/** In a .properties file a block often has lost its line ends, which Java does not miss and OpenSSL does. */
function formatBlock(label: string, body: string): string {
  const lines = HEADER.test(body) ? [body.trim()] : (body.replace(/\s+/g, "").match(/.{1,64}/g) ?? []);
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

export type StoreType = "PEM" | "JKS" | "PKCS12";

/** By its first bytes; undefined: no known store. */
export function recogniseStore(bytes: Buffer): StoreType | undefined {
  if (bytes.length >= 4 && [0xfeedfeed, 0xcececece].includes(bytes.readUInt32BE(0))) return "JKS";
  // The outermost sequence of DER.
  if (bytes[0] === 0x30 && (bytes[1] ?? 0) >= 0x80) return "PKCS12";
  return bytes.includes("-----BEGIN ") ? "PEM" : undefined;
}

/** The command that makes PEM of it; `path` is quoted for a shell. */
export function convertingCommand(
  type: Exclude<StoreType, "PEM">,
  use: "truststore" | "keystore",
  path: string,
): string {
  if (use === "truststore") return `keytool -list -rfc -keystore ${path} > ca.pem`;
  const toPem = (store: string) => `openssl pkcs12 -in ${store} -out client.pem`;
  if (type === "PKCS12") return toPem(path);
  return `keytool -importkeystore -srckeystore ${path} -destkeystore client.p12 -deststoretype PKCS12 && ${toPem("client.p12")}`;
}
