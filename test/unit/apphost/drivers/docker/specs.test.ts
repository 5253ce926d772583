/** What is asked of an engine: configurations, labels, archives, progress. Pure. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { createArchive } from "../../../../../apphost/drivers/docker/archive.ts";
import { formatSpec } from "../../../../../apphost/drivers/docker/container-spec.ts";
import { sharesNetwork, versionOf } from "../../../../../apphost/drivers/docker/driver.ts";
import { createPullProgress } from "../../../../../apphost/drivers/docker/image.ts";
import { createKafkaEnvironment, createKafkaSpec } from "../../../../../apphost/drivers/docker/kafka.ts";
import { createLabels, isOwnerDead, LABEL } from "../../../../../apphost/drivers/docker/labels.ts";
import { createRedisSpec } from "../../../../../apphost/drivers/docker/redis.ts";
import { readProcessView } from "../../../../../apphost/processes/process-identity.ts";

const labels = createLabels({ base: "/project/.flink-apphost", runId: "0d437693", resource: "kafka" });
const kafka = {
  name: "one",
  image: "apache/kafka:4.3.0",
  labels,
  port: 12_345,
  controllerPort: 12_346,
  heapBytes: 1024 ** 3,
  session: "short" as const,
  network: null,
  isOnHost: false,
};

describe("Kafka's container", () => {
  it("is a broker of its own, advertised where programs of this machine and the broker itself reach it", () => {
    expect(createKafkaEnvironment(kafka)).toMatchObject({
      KAFKA_PROCESS_ROLES: "broker,controller",
      KAFKA_LISTENERS: "PLAINTEXT://0.0.0.0:12345,CONTROLLER://127.0.0.1:12346",
      KAFKA_ADVERTISED_LISTENERS: "PLAINTEXT://127.0.0.1:12345",
      KAFKA_CONTROLLER_QUORUM_VOTERS: "1@127.0.0.1:12346",
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: "false",
      KAFKA_LOG_DIRS: "/var/lib/kafka/data",
      KAFKA_HEAP_OPTS: "-Xmx1024m",
    });
    expect(createKafkaEnvironment(kafka)["KAFKA_JVM_PERFORMANCE_OPTS"]).toContain("UseParallelGC");
    // Anything but nothing, for which the image has management of its own, which listens everywhere.
    expect(createKafkaEnvironment(kafka)["KAFKA_JMX_OPTS"]).toMatch(/^(?!.*management)./);
  });

  it("listens on 127.0.0.1 alone where it shares this machine's network", () => {
    expect(createKafkaEnvironment({ ...kafka, isOnHost: true })).toMatchObject({
      KAFKA_LISTENERS: "PLAINTEXT://127.0.0.1:12345,CONTROLLER://127.0.0.1:12346",
    });
    expect(formatSpec(createKafkaSpec({ ...kafka, isOnHost: true })).HostConfig).toMatchObject({
      NetworkMode: "host",
      PortBindings: {},
    });
  });

  it("has a listener for other containers where there are some", () => {
    const spec = createKafkaSpec({ ...kafka, network: "flink-apphost-0d437693" });
    expect(spec.env).toMatchObject({
      KAFKA_LISTENERS: "PLAINTEXT://0.0.0.0:12345,INTERNAL://0.0.0.0:9093,CONTROLLER://127.0.0.1:12346",
      KAFKA_ADVERTISED_LISTENERS: "PLAINTEXT://127.0.0.1:12345,INTERNAL://kafka:9093",
    });
    expect(formatSpec(spec).NetworkingConfig).toEqual({
      EndpointsConfig: { "flink-apphost-0d437693": { Aliases: ["kafka"] } },
    });
  });

  it("publishes its port on 127.0.0.1, the same inside and outside, and labels its data", () => {
    const { HostConfig, ExposedPorts } = formatSpec(createKafkaSpec(kafka));
    expect(ExposedPorts).toEqual({ "12345/tcp": {} });
    expect(HostConfig?.PortBindings).toEqual({ "12345/tcp": [{ HostIp: "127.0.0.1", HostPort: "12345" }] });
    expect(HostConfig?.Mounts?.map(({ Target }) => Target)).toEqual([
      "/var/lib/kafka/data",
      "/etc/kafka/secrets",
      "/mnt/shared/config",
    ]);
    for (const mount of HostConfig?.Mounts ?? []) {
      expect(mount).toMatchObject({ Type: "volume", Source: "", VolumeOptions: { Labels: labels } });
    }
  });
});

describe("Redis' container", () => {
  it.each([true, false])(
    "has its password in a file alone that only its user reads (N1), host network %s",
    (isOnHost) => {
      const spec = createRedisSpec({
        name: "r",
        image: "redis:8.6",
        labels,
        port: 12_345,
        password: "secret",
        isOnHost,
      });
      expect(spec.file).toMatchObject({ folder: "/etc", mode: 0o400, ownerId: 999 });
      expect(spec.file?.text).toMatch(/^requirepass "secret"$/m);
      expect(spec.file?.text).toMatch(/^appendonly yes$/m);
      expect(spec.file?.text).toMatch(isOnHost ? /^bind 127\.0\.0\.1\nport 12345$/m : /^bind 0\.0\.0\.0\nport 6379$/m);
      expect(spec.command).toEqual(["redis-server", "/etc/flink-apphost-redis.conf"]);
      expect(JSON.stringify(formatSpec(spec))).not.toContain("secret");
    },
  );
});

describe("labels", () => {
  it("name the run, its folder and its owner, and this process is not dead", () => {
    expect(labels[LABEL.ownerPid]).toBe(String(process.pid));
    expect(labels[LABEL.run]).toBe("0d437693");
    expect(createLabels({ base: "/other", runId: "0d437693", resource: "kafka" })[LABEL.apphostId]).not.toBe(
      labels[LABEL.apphostId],
    );
    expect(isOwnerDead(labels)).toBe(false);
  });

  it("an owner is dead when its pid is nobody's or somebody else's by now (L2 of `labels.ts`)", () => {
    expect(isOwnerDead({ ...labels, [LABEL.ownerStarted]: "1" })).toBe(true);
    const { pid } = spawnSync("true");
    expect(isOwnerDead({ ...labels, [LABEL.ownerPid]: String(pid) })).toBe(true);
  });

  it("what is not ours, not labelled in full, or of another view of processes is left alone (L2 of `labels.ts`)", () => {
    expect(isOwnerDead({})).toBe(false);
    expect(isOwnerDead(null)).toBe(false);
    const dead = { ...labels, [LABEL.ownerStarted]: "1" };
    expect(isOwnerDead({ ...dead, [LABEL.ownerPid]: "1e9" })).toBe(true);
    expect(isOwnerDead({ ...dead, [LABEL.ownerPid]: "-1" })).toBe(false);
    expect(isOwnerDead({ ...dead, [LABEL.ownerStarted]: "" })).toBe(false);
    expect(isOwnerDead(dead, `${readProcessView()} in another container`)).toBe(false);
    expect(isOwnerDead(dead, readProcessView("of another machine"))).toBe(false);
  });
});

describe("the archive", () => {
  it("is one that tar reads, with mode, owner and content", () => {
    const archive = createArchive({ name: "redis.conf", text: "requirepass é\n", mode: 0o400, ownerId: 999 });
    expect(archive.length % 512).toBe(0);
    const listing = spawnSync("tar", ["--numeric-owner", "-tvf", "-"], { input: archive, encoding: "utf8" });
    expect(listing.stdout + listing.stderr).toMatch(/^-r-------- 999\/999\s+15 1970-01-01 \S+ redis\.conf/);
    const content = spawnSync("tar", ["-xOf", "-"], { input: archive, encoding: "utf8" });
    expect(content.stdout).toBe("requirepass é\n");
  });

  it("refuses a name that does not fit", () => {
    expect(() => createArchive({ name: "n".repeat(101), text: "", mode: 0o400, ownerId: 0 })).toThrow(/too long/);
  });
});

describe("a pull", () => {
  const line = (id: string, status: string, current = 0, total = 0) =>
    JSON.stringify({ id, status, progressDetail: { current, total } });

  it("is told in layers and megabytes", () => {
    const progress = createPullProgress();
    progress.take(JSON.stringify({ id: "4.3.0", status: "Pulling from apache/kafka" }));
    progress.take(line("a", "Pulling fs layer"));
    progress.take(line("b", "Already exists"));
    progress.take(line("c", "Downloading", 1_500_000, 4_000_000));
    expect(progress.describe()).toBe("1 of 3 layers, 1.5 of 4.0 MB");
    progress.take(line("c", "Pull complete"));
    expect(progress.describe()).toBe("2 of 3 layers, 4.0 of 4.0 MB");
  });

  it("ends with the engine's own error", () => {
    expect(() => createPullProgress().take('{"error":"no space left on device"}')).toThrow(/no space left/);
  });
});

describe("the engine's machine", () => {
  const here = { platform: "linux" as const, name: "box", kernel: "6.1" };
  const engine = { Name: "box", KernelVersion: "6.1", OSType: "linux", SecurityOptions: ["name=seccomp"] };

  it("is this one only with its name and kernel, and an engine that keeps no network of its own", () => {
    expect(sharesNetwork(engine, here)).toBe(true);
    expect(sharesNetwork({ ...engine, Name: "docker-desktop" }, here)).toBe(false);
    expect(sharesNetwork({ ...engine, KernelVersion: "6.6-linuxkit" }, here)).toBe(false);
    expect(sharesNetwork({ ...engine, SecurityOptions: ["name=rootless"] }, here)).toBe(false);
    expect(sharesNetwork({ ...engine, SecurityOptions: ["name=userns"] }, here)).toBe(false);
    expect(sharesNetwork(engine, { ...here, platform: "darwin" })).toBe(false);
  });
});

describe("the version of an image", () => {
  it("is its label's, or its tag's, or unknown", () => {
    const labelled = { id: "1", labels: { "org.opencontainers.image.version": "4.3.1" } };
    expect(versionOf("apache/kafka:latest", labelled)).toBe("4.3.1");
    expect(versionOf("localhost:5000/apache/kafka:4.3.0", { id: "1", labels: {} })).toBe("4.3.0");
    expect(versionOf("localhost:5000/apache/kafka", undefined)).toBe(null);
  });
});
