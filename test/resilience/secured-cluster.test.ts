/** A cluster of three brokers that lets in by SASL_SSL alone, and one of them dies and comes back in the middle of a run. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Certificates, createCertificates } from "../support/certificates.ts";
import { type RealCluster, startRealCluster } from "../support/real-cluster.ts";
import { describeReal } from "../support/real-parts.ts";
import { startCli } from "../support/run-cli.ts";
import { addScram, jaasLine, SCRAM_USER } from "../support/secured-kafka.ts";
import { expectPassed } from "../support/system.ts";

/** More by hand: SECURED_CLUSTER_MESSAGES=2000000. */
const MESSAGES = Number(process.env["SECURED_CLUSTER_MESSAGES"] ?? 200_000);
const RATE = 40_000;
const MECHANISM = "SCRAM-SHA-512";
/** Of both the controllers and the leaders, this one is as likely as the others. */
const VICTIM = 2;

describeReal(["kafka", "openssl"], "three brokers by SASL_SSL", () => {
  let cluster: RealCluster;
  let certificates: Certificates;
  let folder: string;
  beforeAll(async () => {
    certificates = createCertificates(["IP:127.0.0.1"]);
    folder = mkdtempSync(join(tmpdir(), "flink-apphost-secured-cluster-"));
    cluster = await startRealCluster({
      security: "SASL_SSL",
      formatArguments: addScram(MECHANISM, SCRAM_USER),
      properties: [
        `listener.name.secured.sasl.enabled.mechanisms=${MECHANISM}`,
        `listener.name.secured.${MECHANISM.toLowerCase()}.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;`,
        "listener.name.secured.ssl.keystore.type=PEM",
        `listener.name.secured.ssl.keystore.location=${certificates.store}`,
      ],
    });
  });
  afterAll(async () => {
    await cluster?.stop();
    certificates?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it("a broker that is killed and comes back during a run costs no record, and no record its place", async () => {
    const config = join(folder, "client.properties");
    const lines = [
      `bootstrap.servers=${cluster.securedBootstrap}`,
      "security.protocol=SASL_SSL",
      `sasl.mechanism=${MECHANISM}`,
      `sasl.jaas.config=${jaasLine(MECHANISM, SCRAM_USER)}`,
      `ssl.ca.location=${certificates.authority}`,
    ];
    writeFileSync(config, lines.join("\n"), { mode: 0o600 });
    const args = ["--messages", `${MESSAGES}`, "--rate", `${RATE}`, "--task-managers", "4", "--partitions", "6"];
    const cli = startCli(["up", "--once", "--ui", "json", "--infra", "embedded", "--kafka-config", config, ...args], {
      deadlineMs: 240_000,
    });
    try {
      await cli.waitForEvent("progress", ({ processed }) => processed > MESSAGES / 10, 120_000);
      await cluster.broker(VICTIM).kill();
      await cli.waitForEvent("progress", ({ processed }) => processed > MESSAGES / 2, 120_000);
      await cluster.broker(VICTIM).start();
      await expectPassed(cli, await cli.end(), MESSAGES);
      expect((await cli.report()).infra.kafka).toMatchObject({ mode: "external" });
    } finally {
      await cli.dispose();
    }
  });
});
