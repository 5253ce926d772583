/** Ways into a secured Kafka, and each refusal with its own sentence: our client, and whole runs, on one real broker. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readKafkaConfig } from "../../apphost/kafka-config/config-file.ts";
import { KafkaCluster } from "../../simulator/clients/kafka/cluster.ts";
import { Connection } from "../../simulator/clients/kafka/connection.ts";
import { metadataApi } from "../../simulator/clients/kafka/wire/apis/metadata.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { topicName } from "../../simulator/common/contract/names.ts";
import { present } from "../../simulator/common/foundation/assert.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { type AppError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { kafkaAt } from "../support/addresses.ts";
import { describeReal } from "../support/real-parts.ts";
import { runCli, startCli } from "../support/run-cli.ts";
import {
  jaasLine,
  type ListenerName,
  SCRAM_USER,
  type SecuredKafka,
  startSecuredKafka,
  USER,
} from "../support/secured-kafka.ts";
import { expectPassed } from "../support/system.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "flink-apphost-security-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function writeConfig(lines: readonly string[]): string {
  files += 1;
  const path = join(folder, `client-${files}.properties`);
  writeFileSync(path, lines.join("\n"), { mode: 0o600 });
  return path;
}

const sasl = (mechanism: string, user: { readonly username: string; readonly password: string }): string[] => [
  `sasl.mechanism=${mechanism}`,
  `sasl.jaas.config=${jaasLine(mechanism, user)}`,
];

/** As the host makes the first contact: one attempt. Gives how many brokers there are. */
async function enter(address: string, lines: readonly string[]): Promise<number> {
  const { security } = readKafkaConfig(writeConfig(lines));
  const options = { bootstrap: kafkaAt(address), security, clientId: "test", openDeadlineMs: 0 };
  const cluster = await KafkaCluster.open(options);
  try {
    return cluster.brokers.length;
  } finally {
    cluster.close();
  }
}

async function refusalOf(address: string, lines: readonly string[]): Promise<AppError> {
  const outcome: unknown = await enter(address, lines).catch((error: unknown) => error);
  if (isAppError(outcome)) return outcome;
  throw outcome instanceof Error ? outcome : new Error(`it was let in, to ${outcome} brokers`);
}

describeReal(["kafka", "openssl"], "a secured Kafka", () => {
  let kafka: SecuredKafka;
  beforeAll(async () => {
    kafka = await startSecuredKafka();
  });
  afterAll(() => kafka?.stop());

  const tls = (protocol: "SSL" | "SASL_SSL", authority = kafka.certificates.authority): string[] => [
    `security.protocol=${protocol}`,
    "ssl.truststore.type=PEM",
    `ssl.truststore.location=${authority}`,
  ];
  const ofClient = () => ["ssl.keystore.type=PEM", `ssl.keystore.location=${kafka.certificates.clientStore}`];
  const plain = "security.protocol=SASL_PLAINTEXT";
  const wrong = { username: SCRAM_USER.username, password: "other" };
  const unknown = { username: "mallory", password: SCRAM_USER.password };

  it.each<[string, ListenerName, () => string[]]>([
    ["PLAIN", "SASLALL", () => [plain, ...sasl("PLAIN", USER)]],
    ["SCRAM-SHA-256", "SASLALL", () => [plain, ...sasl("SCRAM-SHA-256", SCRAM_USER)]],
    ["SCRAM-SHA-512", "SASLALL", () => [plain, ...sasl("SCRAM-SHA-512", SCRAM_USER)]],
    ["TLS", "TLS", () => tls("SSL")],
    [
      "librdkafka's settings",
      "SASLTLS",
      () => [
        "security.protocol=sasl_ssl",
        "sasl.mechanisms=SCRAM-SHA-512",
        `sasl.username=${SCRAM_USER.username}`,
        `sasl.password=${SCRAM_USER.password}`,
        `ssl.ca.location=${kafka.certificates.authority}`,
      ],
    ],
    ["a client certificate", "MUTUAL", () => [...tls("SSL"), ...ofClient()]],
    ["any host name", "OTHERHOST", () => [...tls("SSL"), "ssl.endpoint.identification.algorithm="]],
  ])("lets in by %s", async (_, listener, lines) => {
    expect(await enter(kafka.at(listener), lines())).toBe(1);
  });

  it.each<[string, ListenerName, string, RegExp, () => string[]]>([
    [
      "a wrong password (PLAIN)",
      "SASLALL",
      "KAFKA_AUTHENTICATION_FAILED",
      /refuses user or password of user "alice" by PLAIN/,
      () => [plain, ...sasl("PLAIN", { ...USER, password: "other" })],
    ],
    [
      "a wrong password (SCRAM)",
      "SASLALL",
      "KAFKA_AUTHENTICATION_FAILED",
      /refuses the password of user "bob"/,
      () => [plain, ...sasl("SCRAM-SHA-256", wrong)],
    ],
    [
      "an unknown user",
      "SASLALL",
      "KAFKA_AUTHENTICATION_FAILED",
      /has no user "mallory" by SCRAM-SHA-512/,
      () => [plain, ...sasl("SCRAM-SHA-512", unknown)],
    ],
    [
      "a mechanism that is not offered",
      "SASLTLS",
      "KAFKA_MECHANISM_NOT_OFFERED",
      /does not offer sasl.mechanism PLAIN, but SCRAM-SHA-512:/,
      () => [...tls("SASL_SSL"), ...sasl("PLAIN", USER)],
    ],
    [
      "another authority",
      "TLS",
      "KAFKA_CERTIFICATE_UNTRUSTED",
      /not trusted here.*ssl\.truststore\.location/,
      () => tls("SSL", kafka.certificates.otherAuthority),
    ],
    [
      "the authorities of Node",
      "TLS",
      "KAFKA_CERTIFICATE_UNTRUSTED",
      /not trusted here/,
      () => ["security.protocol=SSL"],
    ],
    [
      "another host name",
      "OTHERHOST",
      "KAFKA_CERTIFICATE_OF_OTHER_HOST",
      /but for DNS:elsewhere\.example/,
      () => tls("SSL"),
    ],
    [
      "an expired certificate",
      "EXPIRED",
      "KAFKA_CERTIFICATE_OUT_OF_DATE",
      /not valid now \(cert has expired\)/,
      () => tls("SSL"),
    ],
    [
      "no client certificate",
      "MUTUAL",
      "KAFKA_CLIENT_CERTIFICATE_REQUIRED",
      /asks for a client certificate/,
      () => tls("SSL"),
    ],
    ["PLAINTEXT for SSL", "TLS", "KAFKA_SPEAKS_TLS", /speaks TLS.*security.protocol=SSL, or SASL_SSL/, () => []],
    [
      "PLAINTEXT for SASL_PLAINTEXT",
      "SASLALL",
      "KAFKA_SASL_REQUIRED",
      /SASL, by .*SCRAM-SHA-512.*security.protocol=SASL_PLAINTEXT/,
      () => [],
    ],
    ["SSL for PLAINTEXT", "PLAINTEXT", "KAFKA_SPEAKS_NO_TLS", /does not speak TLS/, () => tls("SSL")],
    [
      "SSL for SASL_SSL",
      "SASLTLS",
      "KAFKA_SASL_REQUIRED",
      /SASL, by SCRAM-SHA-512.*security.protocol=SASL_SSL/,
      () => tls("SSL"),
    ],
    [
      "SASL_PLAINTEXT for SASL_SSL",
      "SASLTLS",
      "KAFKA_SPEAKS_TLS",
      /security.protocol=SASL_SSL/,
      () => [plain, ...sasl("SCRAM-SHA-512", SCRAM_USER)],
    ],
    [
      "SASL_PLAINTEXT for PLAINTEXT",
      "PLAINTEXT",
      "KAFKA_SASL_UNKNOWN",
      /takes no users \(SASL\).*security.protocol=PLAINTEXT/,
      () => [plain, ...sasl("PLAIN", USER)],
    ],
    [
      "SASL_SSL for SASL_PLAINTEXT",
      "SASLALL",
      "KAFKA_SPEAKS_NO_TLS",
      /security.protocol=SASL_PLAINTEXT/,
      () => [...tls("SASL_SSL"), ...sasl("PLAIN", USER)],
    ],
  ])("refuses, with a sentence of its own: %s", async (_, listener, code, sentence, lines) => {
    const error = await refusalOf(kafka.at(listener), lines());
    expect(error).toMatchObject({ code, category: "infrastructure", retryable: false });
    expect(error.message).toMatch(sentence);
    for (const { password } of [USER, SCRAM_USER]) expect(error.message).not.toContain(password);
  });

  it("a session that the broker ends is followed by another, which nobody who asks notices", async () => {
    const { security } = readKafkaConfig(writeConfig([...tls("SASL_SSL"), ...sasl("SCRAM-SHA-512", SCRAM_USER)]));
    const bootstrap = kafkaAt(kafka.at("SASLTLS"));
    const cluster = await KafkaCluster.open({ bootstrap, security, clientId: "test" });
    const lost: string[] = [];
    const [address] = bootstrap;
    const events = { onLost: (error: AppError) => lost.push(error.message) };
    const connection = await Connection.open({ ...present(address, "it"), security, clientId: "test", events });
    try {
      const request = { topics: [], allowAutoTopicCreation: false };
      const askUntilClosed = () => connection.send(metadataApi, request).then(() => undefined, String);
      const wait = { what: "the end of the session", deadlineMs: 20_000, intervalMs: 100 };
      expect(await waitUntil(askUntilClosed, wait)).toContain("the broker closed it");
      expect(lost).toHaveLength(1);
      await expect(cluster.topic("none", 500)).rejects.toMatchObject({ code: "KAFKA_TOPIC_MISSING" });
    } finally {
      connection.close();
      cluster.close();
    }
  });

  it("a run by SASL_SSL is exact, tells its secrets to nobody, and is purged", async () => {
    const config = writeConfig([
      `bootstrap.servers=${kafka.at("SASLTLS")}`,
      ...tls("SASL_SSL"),
      ...sasl("SCRAM-SHA-512", SCRAM_USER),
      "linger.ms=5",
    ]);
    // Each of its connections outlives its session more than once.
    const size = ["--messages", "20_000", "--rate", "4_000", "--task-managers", "2", "--partitions", "2"];
    const cli = startCli(["up", "--once", "--ui", "json", "--infra", "embedded", "--kafka-config", config, ...size]);
    try {
      await cli.waitForEvent("phase", ({ phase }) => phase === "job");
      const processes = spawnSync("ps", ["eww", "-A", "-o", "args"], { encoding: "utf8" }).stdout;
      expect(processes).toContain(config);
      const described = await Promise.all(
        [["describe"], ["describe", "--format", "json"], ["env"]].map((args) => runCli(args, { cwd: cli.cwd })),
      );
      const result = await cli.end();
      const report = await expectPassed(cli, result, 20_000);
      expect(report.infra.kafka).toMatchObject({ mode: "external", endpoint: kafka.at("SASLTLS") });
      const runDir = await cli.runDir();
      const secured = runFolder.kafkaSecurity(runDir);
      expect(statSync(secured).mode & 0o777).toBe(0o600);
      const written = readdirSync(runDir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .filter((path) => path !== secured)
        .map((path) => readFileSync(path, "latin1"));
      const told = [processes, result.stdout, result.stderr, ...described.map(({ stdout }) => stdout), ...written];
      expect(told.some((text) => text.includes(SCRAM_USER.password))).toBe(false);
      expect(result.stdout).toContain("are not used: linger.ms");

      const purged = await runCli(["down", "--purge"], { cwd: cli.cwd });
      expect(purged.stdout, purged.stderr).toContain(`removed topic ${topicName(await cli.runId())}`);
      expect(readdirSync(runDir)).not.toContain("kafka-security.json");
    } finally {
      await cli.dispose();
    }
  });

  it("production without a host gets in by the same file, and leaves no secret", async () => {
    const config = writeConfig([...tls("SASL_SSL"), ...sasl("SCRAM-SHA-512", SCRAM_USER)]);
    const where = ["--kafka", kafka.at("SASLTLS"), "--kafka-config", config, "--topic", "produced", "--create-topic"];
    await runCli(
      ["produce", ...where, "--messages", "1000", "--ui", "json"],
      {},
      (cli, { exitCode, stdout, stderr }) => {
        expect(exitCode, stderr).toBe(0);
        expect(JSON.parse(stdout)).toMatchObject({ topic: "produced", acknowledged: 1_000, wasCreated: true });
        const names = readdirSync(cli.cwd, { recursive: true }).map(String);
        expect(names.filter((name) => name.endsWith("ledger-1.json"))).toHaveLength(1);
        expect(names.filter((name) => name.endsWith("kafka-security.json"))).toEqual([]);
      },
    );
  });

  it("a run that is not let in ends with exit 3 and the sentence, at once", async () => {
    const lines = [`bootstrap.servers=${kafka.at("SASLTLS")}`, ...tls("SASL_SSL"), ...sasl("SCRAM-SHA-512", wrong)];
    const args = ["--once", "--ui", "plain", "--infra", "embedded", "--messages", "10"];
    await runCli(["up", ...args, "--kafka-config", writeConfig(lines)], {}, (_, { exitCode, stdout, stderr }) => {
      expect(exitCode, stderr).toBe(3);
      expect(stdout + stderr).toContain('refuses the password of user "bob" by SCRAM-SHA-512');
    });
    await runCli(["doctor", "--kafka", kafka.at("SASLTLS")], {}, (_, { exitCode, stdout }) => {
      expect(exitCode).toBe(3);
      expect(stdout).toContain("speaks TLS");
    });
  });
});
