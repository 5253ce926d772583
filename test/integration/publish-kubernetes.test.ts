/**
 * `publish kubernetes` as a user calls it, and what the tools of Kubernetes say of the folder: kustomize puts each overlay
 * together, every object of it has to fit the schemas, and hadolint reads the Dockerfiles.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { FLAVORS } from "../../apphost/publish/kubernetes/flavor.ts";
import { createManifestCheck, type Manifest, writeSchemas } from "../support/kubernetes-schemas.ts";
import { runKubernetesProgram } from "../support/kubernetes-tools.ts";
import { describeReal } from "../support/real-parts.ts";
import { runCli } from "../support/run-cli.ts";

let folder = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "flink-apphost-publish-"));
  writeFileSync(join(folder, "package.tgz"), gzipSync("stands for a package"));
  for (const flavor of FLAVORS) {
    const words = ["publish", "kubernetes", "--out", flavor, "--flavor", flavor, "--package", "package.tgz"];
    const ended = await runCli([...words, "--messages", "5_000"], { cwd: folder });
    expect(ended, ended.stderr).toMatchObject({ exitCode: 0, stderr: "" });
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const UNITS = ["overlays/single-node", "overlays/three-nodes", "jobs/producer", "jobs/validator"];
const EACH = FLAVORS.flatMap((flavor) => UNITS.map((unit) => `${flavor}/${unit}`));

const kustomize = (unit: string) => runKubernetesProgram("kubectl", ["kustomize", join(folder, unit)]);
const objectsOf = (text: string): Manifest[] => parseAllDocuments(text).map((document) => document.toJS() as Manifest);

describe("publish kubernetes", () => {
  it("writes a folder in which the secret is its owner's alone, and says what comes next", async () => {
    expect(statSync(join(folder, "operator/base/redis.env")).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, "operator/README.md"), "utf8")).toContain("kubectl apply -k overlays/single-node");
    const again = await runCli(
      ["publish", "kubernetes", "--out", "operator", "--package", "package.tgz", "--messages", "5_000"],
      { cwd: folder },
    );
    expect(again.stdout).toMatch(/^kept +\S+redis\.env$/m);
    expect(again.stdout).not.toMatch(/^(new|replaced) /m);
    expect(again.stdout).toMatch(/run it: cd \S+operator, and the commands of its README\.md/);
  });

  it("writes nothing through a link in the folder", async () => {
    mkdirSync(join(folder, "linked"));
    symlinkSync(tmpdir(), join(folder, "linked", "base"));
    const words = ["publish", "kubernetes", "--out", "linked", "--package", "package.tgz", "--force"];
    const refused = await runCli(words, { cwd: folder });
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain("it is a symbolic link");
  });
});

interface Job {
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly JobContainer[] } } };
}

interface JobContainer {
  readonly command: readonly string[];
  readonly args: readonly string[];
}

describeReal(["bash"], "the command of a Job", () => {
  it("puts Strimzi's line into a file of its own, and in no argument of the program", () => {
    const text = readFileSync(join(folder, "operator/jobs/producer/producer.yaml"), "utf8");
    const [container] = (parse(text) as Job).spec.template.spec.containers;
    const program = join(folder, "flink-apphost");
    writeFileSync(program, '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
    const jaas = 'org.apache.kafka.common.security.scram.ScramLoginModule required username="a" password="it\'s $1";';
    const [shell = "", ...words] = (container?.command ?? []).map((word) => word.replaceAll("/tmp/", `${folder}/`));
    const env = { PATH: `${folder}:${process.env["PATH"]}`, KAFKA_JAAS_CONFIG: jaas };
    const { stdout, stderr } = spawnSync(shell, [...words, ...(container?.args ?? [])], { env, encoding: "utf8" });
    expect(stderr).toBe("");
    expect(stdout.trimEnd().split("\n")).toEqual(container?.args);
    const file = join(folder, "client.properties");
    expect(readFileSync(file, "utf8").split("\n")).toEqual(
      expect.arrayContaining(["security.protocol=SASL_SSL", `sasl.jaas.config=${jaas}`]),
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

describeReal(["kubectl"], "what kustomize makes of it", () => {
  const check = createManifestCheck();

  it.each(EACH)("is valid by the schemas of Kubernetes and of the operators: %s", (unit) => {
    const { exitCode, stdout, stderr } = kustomize(unit);
    expect(exitCode, stderr).toBe(0);
    expect(
      objectsOf(stdout)
        .map(check)
        .filter((problem) => problem !== null),
    ).toEqual([]);
  });

  it("has three replicas of everything that must outlive a node, on three nodes, and one on one", () => {
    const figuresOf = (overlay: string) => {
      const objects = objectsOf(kustomize(`operator/overlays/${overlay}`).stdout);
      const spec = <T>(kind: string, name: string): T =>
        objects.find((one) => one.kind === kind && one.metadata.name === name)?.spec as T;
      const { config, listeners } = spec<{ kafka: { config: Record<string, unknown>; listeners: unknown[] } }>(
        "Kafka",
        "kafka",
      ).kafka;
      return {
        brokers: spec<{ replicas: number }>("KafkaNodePool", "node").replicas,
        topic: spec<{ replicas: number }>("KafkaTopic", "input").replicas,
        inSync: config["min.insync.replicas"],
        // What the base says beside what is patched stays.
        autoCreate: config["auto.create.topics.enable"],
        listeners: listeners.length,
        claim: spec<{ accessModes: string[] }>("PersistentVolumeClaim", "flink-data").accessModes,
        jobManagers: spec<{ jobManager: { replicas: number } }>("FlinkDeployment", "flink").jobManager.replicas,
      };
    };
    const same = { autoCreate: false, listeners: 1 };
    const one = { brokers: 1, topic: 1, inSync: 1, claim: ["ReadWriteOnce"], jobManagers: 1 };
    const three = { brokers: 3, topic: 3, inSync: 2, claim: ["ReadWriteMany"], jobManagers: 2 };
    expect(figuresOf("single-node")).toEqual({ ...same, ...one });
    expect(figuresOf("three-nodes")).toEqual({ ...same, ...three });
  });

  it("makes the Secret and the script of the files beside it", () => {
    const objects = objectsOf(kustomize("standalone/overlays/single-node").stdout) as (Manifest & { data: object })[];
    const dataOf = (name: string) => objects.find((one) => one.kind !== "Service" && one.metadata.name === name)?.data;
    expect(Object.keys(dataOf("redis") ?? {})).toEqual(["REDIS_PASSWORD"]);
    expect(Object.keys(dataOf("counting-job") ?? {})).toEqual(["job.sql"]);
    expect(Object.keys(dataOf("flink-configuration") ?? {})).toEqual(["config.yaml"]);
  });

  it("fails where a patch names nothing that is there", () => {
    const patch = join(folder, "standalone/overlays/three-nodes/autoscaler.yaml");
    const written = readFileSync(patch, "utf8");
    writeFileSync(patch, written.replace("name: taskmanager", "name: nobody"));
    const { exitCode, stderr } = kustomize("standalone/overlays/three-nodes");
    writeFileSync(patch, written);
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain("no matches for Id");
  });
});

describeReal(["kubectl", "kubeconform"], "kubeconform", () => {
  const conform = (manifests: string) => {
    const schemas = join(folder, "schemas");
    mkdirSync(schemas, { recursive: true });
    writeSchemas(schemas);
    const location = `${schemas}/{{.ResourceKind}}{{.KindSuffix}}.json`;
    return runKubernetesProgram("kubeconform", ["-strict", "-summary", "-schema-location", location, "-"], manifests);
  };

  it("finds every object of every overlay valid, and a field too many", () => {
    const manifests = EACH.map((unit) => kustomize(unit).stdout).join("---\n");
    const { exitCode, stdout } = conform(manifests);
    expect(exitCode, stdout).toBe(0);
    expect(stdout).toMatch(/Invalid: 0, Errors: 0, Skipped: 0/);
    const broken = conform(manifests.replace(/^( +)parallelism:/m, "$1paralellism:"));
    expect(broken.exitCode).not.toBe(0);
    expect(broken.stdout).toMatch(/paralellism/);
  });
});

describeReal(["hadolint"], "hadolint", () => {
  it.each(["images/app/Dockerfile", "images/flink/Dockerfile"])(
    "has nothing to say of %s, and of a worse one",
    (name) => {
      const dockerfile = readFileSync(join(folder, "operator", name), "utf8");
      expect(runKubernetesProgram("hadolint", ["-"], dockerfile)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
      const worse = dockerfile.replace(/^FROM .*$/m, "FROM node:latest");
      expect(runKubernetesProgram("hadolint", ["-"], worse)).toMatchObject({
        exitCode: 1,
        stdout: expect.stringContaining("DL3007"),
      });
    },
  );
});
