/** Redis over TLS: the state store's own transport, certificates that do not hold, and a whole run. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { choosePort } from "../../apphost/processes/ports.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { type Certificates, createCertificates } from "../support/certificates.ts";
import { type RealKafka, startRealKafka } from "../support/real-kafka.ts";
import { describeReal } from "../support/real-parts.ts";
import { type RealRedis, startRealRedis } from "../support/real-redis.ts";
import { runCli } from "../support/run-cli.ts";
import { expectPassed } from "../support/system.ts";

const FIXTURE = fileURLToPath(new URL("fixtures/tls-store.ts", import.meta.url));
const PASSWORD = "secret";

interface TlsRedis {
  readonly url: string;
  readonly authority: string;
  stop(): Promise<void>;
}

async function startTlsRedis(subjects: readonly string[]): Promise<TlsRedis> {
  const certificates: Certificates = createCertificates(subjects);
  const port = await choosePort();
  const redis: RealRedis = await startRealRedis({
    password: PASSWORD,
    args: [
      `tls-port ${port}`,
      `tls-cert-file ${certificates.certificate}`,
      `tls-key-file ${certificates.key}`,
      `tls-ca-cert-file ${certificates.authority}`,
      "tls-auth-clients no",
    ],
  });
  return {
    url: `rediss://:${PASSWORD}@127.0.0.1:${port}`,
    authority: certificates.authority,
    async stop() {
      await redis.stop();
      certificates.remove();
    },
  };
}

/** A process of its own: what a process trusts is decided when it starts. */
function runStore(url: string, trust: string): { answer: unknown; stderr: string } {
  const { stdout, stderr, status } = spawnSync(process.execPath, [FIXTURE, url, "50"], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"] ?? "", NODE_EXTRA_CA_CERTS: trust },
    timeout: 60_000,
  });
  expect(status, stderr).toBe(0);
  return { answer: JSON.parse(stdout), stderr };
}

describeReal(["openssl", "redis-tls"], "Redis over TLS", () => {
  let redis: TlsRedis;
  beforeAll(async () => {
    redis = await startTlsRedis(["IP:127.0.0.1", "DNS:localhost"]);
  });
  afterAll(() => redis.stop());

  it("carries the state store, also through cut connections, and Node has nothing to warn of", () => {
    const { answer, stderr } = runStore(redis.url, redis.authority);
    const { kinds, total } = answer as { kinds: Record<string, number>; total: string };
    expect(stderr).toBe("");
    expect(total).toBe("2000");
    // Each batch once: a repeated one is recognised.
    expect((kinds["ok"] ?? 0) + (kinds["dup"] ?? 0)).toBe(200);
    expect(Object.keys(kinds).filter((kind) => kind !== "ok" && kind !== "dup")).toEqual([]);
  });

  it("by its name carries it as well: the name is what the certificate is compared with", () => {
    const { answer } = runStore(redis.url.replace("127.0.0.1", "localhost"), redis.authority);
    expect(answer).toHaveProperty("total", "2000");
  });

  it("of an authority that is not trusted is refused at once, saying which variable names one", () => {
    const startedMs = performance.now();
    const { answer } = runStore(redis.url, "");
    expect(answer).toMatchObject({
      code: "REDIS_CERTIFICATE_REFUSED",
      message: expect.stringMatching(/self-signed certificate in certificate chain.*NODE_EXTRA_CA_CERTS/),
    });
    // Not after the 10 s for which an unreachable server is tried.
    expect(performance.now() - startedMs).toBeLessThan(8_000);
  });

  it("with a certificate for another name is refused at once, naming both", async () => {
    const other = await startTlsRedis(["IP:127.0.0.9", "DNS:elsewhere.example"]);
    try {
      const { answer } = runStore(other.url, other.authority);
      expect(answer).toMatchObject({
        code: "REDIS_CERTIFICATE_REFUSED",
        message: expect.stringMatching(/127\.0\.0\.1 is not in the cert's list: 127\.0\.0\.9/),
      });
    } finally {
      await other.stop();
    }
  });

  it("a run to which its certificate is refused ends with exit 3 and that reason, without five attempts", async () => {
    const args = ["stress", "--messages", "1000", "--infra", "embedded", "--redis", redis.url, "--ui", "plain"];
    const { exitCode, stdout, stderr } = await runCli(args, { env: { NODE_EXTRA_CA_CERTS: "" } });
    expect(exitCode, stdout + stderr).toBe(3);
    expect(stdout).toMatch(/reason +the certificate of Redis at 127\.0\.0\.1:\d+ is not accepted/);
    expect(stdout).not.toContain("5 attempts");
  });
});

describeReal(["openssl", "redis-tls", "kafka"], "a whole run over TLS", () => {
  let redis: TlsRedis;
  let kafka: RealKafka;
  beforeAll(async () => {
    redis = await startTlsRedis(["IP:127.0.0.1"]);
    kafka = await startRealKafka();
  });
  afterAll(async () => {
    await kafka?.stop();
    await redis?.stop();
  });

  it("passes, and no process of it warns of anything in TLS", async () => {
    const servers = ["--kafka", kafka.bootstrap, "--redis", redis.url];
    const args = ["stress", "--messages", "20000", ...servers, "--ui", "json", "--task-managers", "4"];
    await runCli(args, { env: { NODE_EXTRA_CA_CERTS: redis.authority } }, async (cli, result) => {
      const report = await expectPassed(cli, result, 20_000);
      expect(report.infra.redis).toMatchObject({ mode: "external" });
      expect(JSON.stringify(report)).not.toContain(PASSWORD);
      const logs = runFolder.logs(await cli.runDir());
      const texts = readdirSync(logs).map((name) => readFileSync(join(logs, name), "utf8"));
      expect(texts.length).toBeGreaterThan(4);
      expect(texts.filter((text) => text.includes("Warning"))).toEqual([]);
    });
  });
});
