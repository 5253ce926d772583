/** A real Kafka that forbids: a policy for topics, and rights that are lacking. What it says reaches the user. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from "kafkajs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { OWN_TOPIC_SETTINGS } from "../../apphost/resources/topic-settings.ts";
import { type AdminOptions, createTopic, readTopicSettings } from "../../simulator/clients/kafka/admin.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { kafkaAt } from "../support/addresses.ts";
import { type RealKafka, startRealKafka } from "../support/real-kafka.ts";
import { describeReal } from "../support/real-parts.ts";
import { runCli } from "../support/run-cli.ts";
import { createKafka, expectPassed, ONCE, readVerdict } from "../support/system.ts";

const POLICY = fileURLToPath(new URL("../support/java/ShortRetentionPolicy.java", import.meta.url));
const log = createLog(() => undefined);
const RETENTION_MS = 900_000;
const UP = [...ONCE, "--task-managers", "2", "--partitions", "4", "--messages", "10_000"] as const;

describeReal(["kafka", "javac"], "a Kafka that forbids", () => {
  let classes: string;
  let kafka: RealKafka;

  beforeAll(async () => {
    classes = mkdtempSync(join(tmpdir(), "flink-apphost-policy-"));
    const classPath = join(process.env["KAFKA_HOME"] ?? "", "libs", "*");
    const compiled = spawnSync("javac", ["-cp", classPath, "-d", classes, POLICY], { encoding: "utf8" });
    expect(compiled.status, compiled.stderr).toBe(0);
    kafka = await startRealKafka({
      classes,
      properties: [
        "create.topic.policy.class.name=ShortRetentionPolicy",
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found=true",
        `log.retention.ms=${RETENTION_MS}`,
      ],
    });
    for (const topic of ["not-to-write", "not-to-describe"]) await createTopic(admin(), { topic, partitions: 4 });
    await forbid();
  });
  afterAll(async () => {
    await kafka?.stop();
    rmSync(classes, { recursive: true });
  });

  const admin = (): AdminOptions => ({ bootstrap: kafkaAt(kafka.bootstrap), log });

  /** For everybody; what has no rule at all is allowed. */
  async function forbid(): Promise<void> {
    const rule = { principal: "User:*", host: "*", resourcePatternType: ResourcePatternTypes.LITERAL };
    const denied = { ...rule, permissionType: AclPermissionTypes.DENY };
    const topic = { ...denied, resourceType: AclResourceTypes.TOPIC };
    // A topic with a rule has nothing allowed that is not said.
    const allowed = {
      ...topic,
      operation: AclOperationTypes.ALL,
      permissionType: AclPermissionTypes.ALLOW,
    };
    const cluster = { ...rule, resourceType: AclResourceTypes.CLUSTER, resourceName: "kafka-cluster" };
    const client = createKafka(kafka.bootstrap).admin();
    await client.connect();
    try {
      await client.createAcls({
        acl: [
          { ...cluster, operation: AclOperationTypes.ALL, permissionType: AclPermissionTypes.ALLOW },
          // Who may create any topic is not asked about a single one.
          { ...cluster, operation: AclOperationTypes.CREATE, permissionType: AclPermissionTypes.DENY },
          { ...allowed, resourceName: "locked" },
          { ...allowed, resourceName: "not-to-write" },
          { ...topic, resourceName: "locked", operation: AclOperationTypes.CREATE },
          { ...topic, resourceName: "not-to-write", operation: AclOperationTypes.WRITE },
          { ...topic, resourceName: "not-to-describe", operation: AclOperationTypes.DESCRIBE },
        ],
      });
    } finally {
      await client.disconnect();
    }
  }

  it("a setting is left out that it forbids, where what it has instead will do", async () => {
    // Twice the time that a run may take must be kept.
    const args = [...UP, "--max-time", `${RETENTION_MS / 2}ms`, "--kafka", kafka.bootstrap];
    await runCli(args, {}, async (cli, result) => {
      const { job } = await expectPassed(cli, result, 10_000);
      const settings = await readTopicSettings(admin(), job.topic);
      expect(settings.get("retention.ms")).toBe(String(RETENTION_MS));
      expect(settings.get("retention.bytes")).toBe(OWN_TOPIC_SETTINGS["retention.bytes"]);
    });
  });

  it.each([
    [
      "a setting that the run needs, with its value there and what is needed",
      ["--max-time", `${RETENTION_MS / 2 + 1_000}ms`],
      /does not allow retention\.ms=-1 \(there it is 900000\) .*"nothing is kept for ever here".*its retention\.ms is 900000, and the run needs 902000/,
    ],
    [
      "something else than a setting",
      ["--topic", "team-topic"],
      /does not create topic team-topic: it answered POLICY_VIOLATION \(44\), "a team has 3 partitions"; .*--topic/,
    ],
    [
      "to create a topic",
      ["--topic", "locked"],
      /does not create topic locked: it answered TOPIC_AUTHORIZATION_FAILED \(29\), .*--topic/,
    ],
    [
      "to write into a topic",
      ["--topic", "not-to-write"],
      /sending to not-to-write-\d: .*TOPIC_AUTHORIZATION_FAILED \(29\): .*let an ACL allow it/,
    ],
    [
      "to look at a topic",
      ["--topic", "not-to-describe"],
      /topic not-to-describe: .*TOPIC_AUTHORIZATION_FAILED \(29\): .*let an ACL allow it/,
    ],
  ])("exit 3 tells what it forbids: %s", async (_, args, reason) => {
    const result = await runCli([...UP, ...args, "--kafka", kafka.bootstrap]);
    expect(result.exitCode, result.stderr).toBe(3);
    expect(readVerdict(result).reasons).toEqual([expect.stringMatching(reason)]);
  });
});
