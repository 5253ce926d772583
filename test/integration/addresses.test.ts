/** Addresses with all their parts, on every path that they take: our clients, kafkajs, `env`, `doctor` and `down --purge`. */

import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jobIdOf, stateKeyOf } from "../../simulator/common/contract/names.ts";
import { formatRedisAddress } from "../../simulator/common/foundation/address.ts";
import { hasIpv6, redisAt } from "../support/addresses.ts";
import { createClusterId, findFreePorts, type RealKafka, startRealNode } from "../support/real-kafka.ts";
import { describeReal, requireReal } from "../support/real-parts.ts";
import { type RealRedis, startRealRedis } from "../support/real-redis.ts";
import { type CliResult, runCli, startCli } from "../support/run-cli.ts";
import { SKIP_MARK } from "../support/skip-reporter.ts";
import { expectPassed, withRedis } from "../support/system.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";
import { startTestBroker } from "./embedded-kafka-peer.ts";

const SMALL = ["--infra", "embedded", "--messages", "1000", "--task-managers", "2", "--partitions", "2"];
const ONCE = ["up", "--once", "--ui", "json", ...SMALL];
const ADMIN = "for-this-test";

describe("an address of another form", () => {
  it.each([
    ["up", "--redis", "redis://:50%topsecret@127.0.0.1:1"],
    ["up", "--redis=redis://:topsecret@127.0.0.1:0"],
    ["down", "--purge", "--redis", "redis://:50%topsecret@127.0.0.1:1"],
    ["doctor", "--redis", "redis://me:50%topsecret@127.0.0.1:1"],
    ["up", "--kafka", "127.0.0.1:0"],
    ["doctor", "--kafka", "[::1]:9092,"],
  ])("is refused at once, with exit 2 and no password: %s %s %s", async (...args) => {
    const { exitCode, stdout, stderr } = await runCli(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(/--(redis|kafka) is ".*": expected /);
    expect(stderr).not.toContain("topsecret");
  });
});

describeReal(["redis"], "a Redis with users of its own", () => {
  let redis: RealRedis;
  beforeAll(async () => {
    const rights = "~* &* +@all";
    redis = await startRealRedis({
      args: [
        `user default on >${ADMIN} ${rights}`,
        `user alice on nopass ${rights}`,
        `user "bob" on ">p,w@ 50%" ${rights}`,
      ],
    });
  });
  afterAll(() => redis?.stop());

  const keysIn = (database: number) =>
    withRedis(`redis://default:${ADMIN}@127.0.0.1:${redis.port}/${database}`, (client) => client.keys("*"));

  it.each([
    ["without a password", "alice", "alice"],
    ["with a comma, a blank and signs of URLs in its password", "bob", "bob:p%2Cw%40%2050%25"],
  ])("a user %s, in database 3: it passes there, and its purge cleans up there", async (_, name, credentials) => {
    const url = `redis://${credentials}@127.0.0.1:${redis.port}/3`;
    const cli = startCli([...ONCE, "--redis", url]);
    try {
      const report = await expectPassed(cli, await cli.end(), 1_000);
      expect(report.infra.redis.endpoint).toBe(`127.0.0.1:${redis.port}/3`);
      expect(await keysIn(3)).toContain(stateKeyOf(jobIdOf(await cli.runId())));
      expect(await keysIn(0)).toEqual([]);
      const notices = (await cli.events()).filter((event) => event.type === "notice" && event.resource === "redis");
      expect(notices.map((event) => "text" in event && event.text.includes("no connection string"))).toEqual(
        name === "bob" ? [true] : [],
      );
      const other = await runCli(["down", "--purge", "--redis", url.replace(/3$/, "4")], { cwd: cli.cwd });
      expect(other.exitCode, "of another database than the run's").toBe(2);
      const purged = await runCli(["down", "--purge"], { cwd: cli.cwd });
      expect(purged.exitCode, purged.stderr).toBe(0);
      expect(await keysIn(3)).toEqual([]);
    } finally {
      await cli.dispose();
    }
  });

  const client = requireReal("redis-cli");
  it.skipIf(client.skip !== false).each([
    ["alice", "alice"],
    ["bob", "bob:p%2Cw%40%2050%25"],
  ])(
    `redis-cli reads the URL of %s as we do${client.skip === false ? "" : ` ${SKIP_MARK}${client.skip})`}`,
    (name, credentials) => {
      const url = formatRedisAddress(redisAt(`redis://${credentials}@127.0.0.1:${redis.port}/3`));
      const { stdout, stderr } = spawnSync("redis-cli", ["-u", url, "CLIENT", "INFO"], { encoding: "utf8" });
      expect(stdout, stderr).toMatch(new RegExp(`\\bdb=3 .*\\buser=${name}\\b`));
    },
  );

  it("env and doctor give every part", async () => {
    const url = `redis://alice@127.0.0.1:${redis.port}/3`;
    const cli = startCli(["up", "--detach", ...SMALL, "--messages", "0", "--redis", url]);
    try {
      expect((await cli.end()).exitCode).toBe(0);
      const env = await runCli(["env", "--format", "json"], { cwd: cli.cwd });
      expect(JSON.parse(env.stdout)).toMatchObject({
        ConnectionStrings__redis: `127.0.0.1:${redis.port},user=alice,defaultDatabase=3`,
        REDIS_USERNAME: "alice",
        REDIS_DATABASE: "3",
        REDIS_URI: `redis://alice:@127.0.0.1:${redis.port}/3`,
      });
    } finally {
      const down = await runCli(["down"], { cwd: cli.cwd });
      await runCli(["down", "--purge"], { cwd: cli.cwd });
      await cli.dispose();
      expect(down.exitCode, down.stderr).toBe(0);
    }
    const doctor = await runCli(["doctor", "--infra", "embedded", "--redis", url]);
    expect(doctor.stdout).toMatch(new RegExp(`redis://:\\*\\*\\*@127.0.0.1:${redis.port}/3 answers, version \\d`));
  });
});

const describeIpv6 = hasIpv6 ? describe : describe.skip;

describeIpv6(`Kafka at [::1]${hasIpv6 ? "" : ` ${SKIP_MARK}this machine has no ::1)`}`, () => {
  async function expectRunAndPurge(kafka: string): Promise<void> {
    const doctor = await runCli(["doctor", "--infra", "embedded", "--kafka", kafka]);
    expect(doctor.stdout).toContain(`${kafka} answers`);
    const cli = startCli([...ONCE, "--kafka", kafka]);
    try {
      const report = await expectPassed(cli, await cli.end(), 1_000);
      expect(report.infra.kafka.endpoint).toBe(kafka);
      const purged: CliResult = await runCli(["down", "--purge"], { cwd: cli.cwd });
      expect(purged.exitCode, purged.stderr).toBe(0);
      expect(purged.stdout).toContain(`from ${kafka}`);
    } finally {
      await cli.dispose();
    }
  }

  it("as the first address of a list, that of a proxy", async () => {
    const broker = await startTestBroker(60_000_000);
    const proxy = await startTcpProxy(broker.port, "::1");
    try {
      await expectRunAndPurge(`[::1]:${proxy.port},127.0.0.1:${broker.port}`);
    } finally {
      await proxy.close();
      await broker.close();
    }
  });

  describeReal(["kafka"], "of a real broker that listens there and says so", () => {
    let kafka: RealKafka;
    let port = 0;
    beforeAll(async () => {
      const [inner, controller, outer] = (await findFreePorts(3)) as [number, number, number];
      port = outer;
      kafka = await startRealNode({
        nodeId: 1,
        port: inner,
        controllerPort: controller,
        voters: `1@127.0.0.1:${controller}`,
        clusterId: createClusterId(),
        properties: [
          `listeners=PLAINTEXT://127.0.0.1:${inner},CONTROLLER://127.0.0.1:${controller},V6://[::1]:${outer}`,
          `advertised.listeners=PLAINTEXT://127.0.0.1:${inner},V6://[::1]:${outer}`,
          "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,V6:PLAINTEXT",
          "inter.broker.listener.name=PLAINTEXT",
        ],
      });
    });
    afterAll(() => kafka?.stop());

    it("a run produces, processes, validates and cleans up", () => expectRunAndPurge(`[::1]:${port}`));
  });
});
