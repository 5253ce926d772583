import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { readClientProperties } from "../../../../apphost/kafka-config/client-properties.ts";
import type { FileReading } from "../../../../apphost/kafka-config/tls-properties.ts";
import { createCertificates } from "../../../support/certificates.ts";
import { requireReal } from "../../../support/real-parts.ts";

const nothing = (): FileReading => ({ kind: "failed", reason: "is not there" });
const filesOf =
  (files: Readonly<Record<string, Buffer>>) =>
  (path: string): FileReading =>
    files[path] === undefined ? nothing() : { kind: "read", bytes: files[path] };

function propertiesOf(lines: readonly string[], readFile = nothing as (path: string) => FileReading) {
  const reading = readClientProperties(lines.join("\n"), readFile);
  if (reading.kind === "refused") throw new Error(reading.problems.join("; "));
  return reading.properties;
}

function problemsOf(lines: readonly string[], readFile = nothing as (path: string) => FileReading): string {
  const reading = readClientProperties(lines.join("\n"), readFile);
  return reading.kind === "refused" ? reading.problems.join("\n") : "none";
}

const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required username="alice" password="s e c";';
const SASL = ["security.protocol=SASL_PLAINTEXT", "sasl.mechanism=SCRAM-SHA-256"];

describe("client properties", () => {
  it("of nobody let everybody in", () => {
    const security = { tls: null, sasl: null };
    expect(propertiesOf([])).toEqual({ bootstrap: null, security, ignored: [] });
    expect(propertiesOf(["bootstrap.servers = a:1, PLAINTEXT://[::1]:2,"])).toEqual({
      bootstrap: [
        { host: "a", port: 1 },
        { host: "::1", port: 2 },
      ],
      security,
      ignored: [],
    });
  });

  it.each([[`sasl.jaas.config=${scram}`], ["sasl.username=alice\nsasl.password=s e c"]])(
    "name a user by %s",
    (line) => {
      expect(propertiesOf([...SASL, line]).security).toEqual({
        tls: null,
        sasl: { mechanism: "SCRAM-SHA-256", username: "alice", password: "s e c" },
      });
    },
  );

  it("tell what is not used, and why", () => {
    const lines = ["linger.ms=5", "group.id=g", "ssl.ca.location=/ca.pem", "sasl.username=alice"];
    expect(propertiesOf(lines).ignored).toEqual([
      "linger.ms",
      "group.id",
      "ssl.ca.location (security.protocol is PLAINTEXT)",
      "sasl.username (security.protocol is PLAINTEXT)",
    ]);
  });

  it.each([
    [["security.protcol=SSL"], "security.protcol is not known: did you mean security.protocol?"],
    [["security.protocol=TLS"], "security.protocol is none of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL"],
    [["bootstrap.servers=host"], "bootstrap.servers is not HOST:PORT"],
    [["security.protocol=SASL_SSL"], "sasl.mechanism is missing, and Kafka's default, GSSAPI, is not spoken"],
    [["security.protocol=SASL_SSL", "sasl.mechanism=OAUTHBEARER"], "sasl.mechanism is not spoken: give one of PLAIN"],
    [["sasl.kerberos.service.name=kafka"], "a way of logging in that this client does not speak"],
    [SASL, "sasl.jaas.config, or sasl.username and sasl.password, must give username and password"],
    [[...SASL, `sasl.jaas.config=${scram.replace("password", "word")}`], "sasl.jaas.config must give username and"],
    [[...SASL, `sasl.jaas.config=${scram.replace("Scram", "Plain")}`], "another login module than ScramLoginModule"],
    [[...SASL, `sasl.jaas.config=${scram.replace(";", " tokenauth=true;")}`], "a delegation token"],
    [[...SASL, `sasl.jaas.config=${scram.replace(";", "")}`], "cannot be read: it does not end with a semicolon"],
    [["security.protocol=SSL", "ssl.ca.location=/ca.pem"], "ssl.ca.location: /ca.pem is not there"],
    [["security.protocol=SSL", "ssl.truststore.certificates=MII"], "ssl.truststore.certificates holds no PEM"],
    [["security.protocol=SSL", "ssl.endpoint.identification.algorithm=LDAPS"], "is neither https nor empty"],
    [["security.protocol=SSL", "enable.ssl.certificate.verification=false"], "is not done"],
  ])("are refused: %j", (lines, problem) => {
    expect(problemsOf(lines)).toContain(problem);
    expect(problemsOf(lines)).not.toContain("s e c");
  });

  it("tell all that is wrong at once", () => {
    expect(problemsOf(["a.b=1", "security.protocol=no", "bootstrap.servers=x"]).split("\n")).toHaveLength(3);
  });

  it.each([
    ["truststore", Buffer.from("feedfeed00000002", "hex"), "JKS", "keytool -list -rfc -keystore '/my store' > ca.pem"],
    ["truststore", Buffer.from("3082050a020103", "hex"), "PKCS12", "keytool -list -rfc -keystore '/my store' > ca.pem"],
    ["keystore", Buffer.from("3082050a020103", "hex"), "PKCS12", "openssl pkcs12 -in '/my store' -out client.pem"],
    [
      "keystore",
      Buffer.from("feedfeed00000002", "hex"),
      "JKS",
      "-deststoretype PKCS12 && openssl pkcs12 -in client.p12",
    ],
  ])("refuse a %s of Java with the command that makes PEM of it (%#)", (use, bytes, type, command) => {
    const problems = problemsOf(
      ["security.protocol=SSL", `ssl.${use}.location=/my store`],
      filesOf({ "/my store": bytes }),
    );
    expect(problems).toContain(`/my store is a ${type} store, and this client reads PEM`);
    expect(problems).toContain(command);
  });
});

describe.skipIf(requireReal("openssl").skip !== false)("certificates", () => {
  const certificates = createCertificates(["DNS:localhost"]);
  afterAll(() => certificates.remove());
  const text = (path: string): string => readFileSync(path, "utf8");
  const inOneLine = (path: string): string => text(path).trim().replace(/\n/g, " \\\n ");
  const files = (path: string): FileReading => ({ kind: "read", bytes: readFileSync(path) });

  it("come from files of each kind, and from the settings themselves", () => {
    const { authority, clientStore } = certificates;
    const byStores = [
      "security.protocol=SSL",
      `ssl.truststore.location=${authority}`,
      `ssl.keystore.location=${clientStore}`,
    ];
    const bySettings = [
      "security.protocol=SSL",
      `ssl.truststore.certificates=${inOneLine(authority)}`,
      `ssl.keystore.key=${inOneLine(clientStore.replace(".store.pem", ".key"))}`,
      `ssl.keystore.certificate.chain=${inOneLine(clientStore.replace(".store.pem", ".pem"))}`,
    ];
    const { tls } = propertiesOf(byStores, files).security;
    expect(tls).toMatchObject({ authorities: text(authority), keyPassword: null, isHostNameChecked: true });
    expect((tls?.key ?? "") + (tls?.certificate ?? "")).toBe(text(clientStore));
    expect(propertiesOf(bySettings).security.tls).toEqual(tls);
  });

  it("that do not fit their key are refused, and so is half of a pair", () => {
    const { certificate, clientStore } = certificates;
    const key = clientStore.replace(".store.pem", ".key");
    const pair = ["security.protocol=SSL", `ssl.certificate.location=${certificate}`, `ssl.key.location=${key}`];
    expect(problemsOf(pair, files)).toContain("cannot be used together");
    expect(problemsOf(pair.slice(0, 2), files)).toContain("a client certificate needs its private key");
  });
});
