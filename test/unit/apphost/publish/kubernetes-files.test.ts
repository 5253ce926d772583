/** The manifests: right by the schemas of Kubernetes and of both operators, and with what a stranger's cluster is owed. */
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { createProgram } from "../../../../apphost/cli/cli.ts";
import { readPublishRequest } from "../../../../apphost/cli/publish-options.ts";
import { defaultsOf, type HostOptions } from "../../../../apphost/options.ts";
import { FLAVORS, type Flavor } from "../../../../apphost/publish/kubernetes/flavor.ts";
import { createKubernetesFiles } from "../../../../apphost/publish/kubernetes/kubernetes-files.ts";
import type { PublishedFile } from "../../../../apphost/publish/published-files.ts";
import { createManifestCheck, type Manifest } from "../../../support/kubernetes-schemas.ts";

const PASSWORD = "secret123";
/** The first one compiles the schemas: a second of work, however long a busy machine takes for it. */
const COMPILE_MS_MAX = 90_000;
const optionsWith = (given: Partial<HostOptions> = {}): HostOptions => ({ ...defaultsOf("up"), once: true, ...given });

function filesOf(flavor: Flavor, given: Partial<HostOptions> = {}, registry: string | null = null): PublishedFile[] {
  const options = optionsWith(given);
  const tarball = Buffer.from("package");
  return createKubernetesFiles({
    options,
    flavor,
    registry,
    nodeImage: "node:24-slim",
    tarball,
    redisPassword: PASSWORD,
  });
}

const textOf = (files: readonly PublishedFile[], name: string): string =>
  String(files.find((file) => file.name === name)?.content);

/** All but kustomize's own, and the patches, which are parts of objects. */
const manifestsIn = (files: readonly PublishedFile[]): Manifest[] =>
  files
    .filter(({ name }) => /^(base|jobs)\/.*\.yaml$/.test(name) && !/kustomization\.yaml$|\/config\.yaml$/.test(name))
    .flatMap(({ content }) => parseAllDocuments(String(content)).map((document) => document.toJS() as Manifest));

const find = (manifests: readonly Manifest[], kind: string, name: string): Manifest => {
  const found = manifests.find((one) => one.kind === kind && one.metadata.name === name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
};

interface Container {
  readonly name: string;
  readonly securityContext?: { readonly allowPrivilegeEscalation?: boolean; readonly readOnlyRootFilesystem?: boolean };
  readonly resources?: { readonly requests?: object; readonly limits?: object };
}

interface Pod {
  readonly securityContext: { readonly runAsNonRoot: boolean; readonly runAsUser: number };
  readonly containers: readonly Container[];
}

const podsOf = (manifests: readonly Manifest[]): [string, Pod][] =>
  manifests
    .filter(({ kind }) => ["Deployment", "StatefulSet", "Job"].includes(kind))
    .map(({ metadata, spec }) => [metadata.name, (spec as { template: { spec: Pod } }).template.spec]);

const check = createManifestCheck();

describe.each(FLAVORS)("the manifests of flavor %s", (flavor) => {
  it.each<[string, Partial<HostOptions>]>([
    ["by default", {}],
    [
      "with everything asked for",
      { taskManagers: 3, partitions: 7, topic: "Orders_1", messages: 5, kafkaHeapBytes: 2 ** 31 },
    ],
  ])(
    "%s are valid by their schemas, of which none has a field too many",
    (_, given) => {
      const manifests = manifestsIn(filesOf(flavor, given));
      expect(manifests.map(check).filter((problem) => problem !== null)).toEqual([]);
      const kinds = new Set(manifests.map(({ kind }) => kind));
      for (const kind of ["Kafka", "KafkaNodePool", "KafkaTopic", "KafkaUser", "StatefulSet", "Job", "NetworkPolicy"]) {
        expect(kinds).toContain(kind);
      }
      expect(kinds.has("FlinkDeployment")).toBe(flavor === "operator");
      expect(kinds.has("HorizontalPodAutoscaler")).toBe(flavor === "standalone");
    },
    COMPILE_MS_MAX,
  );

  it("have the password in its own file alone, which only its owner may read", () => {
    const holders = filesOf(flavor).filter(({ content }) => String(content).includes(PASSWORD));
    expect(holders).toEqual([
      { name: "base/redis.env", content: `REDIS_PASSWORD=${PASSWORD}\n`, mode: 0o600, isSecret: true },
    ]);
  });

  it("give no pod a right that it does not need, and each container a bound", () => {
    for (const [name, { securityContext, containers }] of podsOf(manifestsIn(filesOf(flavor)))) {
      expect(securityContext, name).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
      expect(securityContext.runAsUser, name).toBeGreaterThan(0);
      for (const container of containers) {
        const rights = {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        };
        expect(container.securityContext, name).toEqual(rights);
        expect(container.resources?.limits, name).toEqual(container.resources?.requests);
        expect(container.resources?.limits, name).toMatchObject({
          cpu: expect.any(String),
          memory: expect.any(String),
        });
      }
    }
  });

  it("list each file of the base, and name nothing that is not there", () => {
    const files = filesOf(flavor);
    const base = parse(textOf(files, "base/kustomization.yaml")) as {
      resources: string[];
      configMapGenerator: { files: string[] }[];
    };
    const named = [...base.resources, ...base.configMapGenerator.flatMap((one) => one.files), "redis.env"];
    const present = files
      .map(({ name }) => name)
      .filter((name) => name.startsWith("base/") && !name.endsWith("n.yaml"));
    expect(named.map((name) => `base/${name}`).sort()).toEqual(present.sort());
  });

  it("puts the registry before both images, and only there", () => {
    const files = filesOf(flavor, {}, "registry.example:5000/team");
    const images = manifestsIn(files).flatMap((one) => JSON.stringify(one).match(/"image":"[^"]*"/g) ?? []);
    expect(new Set(images.map((image) => /"image":"(.*?)(:[0-9a-f]{12})?"$/.exec(image)?.[1]))).toEqual(
      new Set([
        "registry.example:5000/team/flink-apphost",
        "registry.example:5000/team/flink-apphost-flink",
        "redis:8.6",
      ]),
    );
    expect(textOf(files, "README.md")).toContain("docker push registry.example:5000/team/flink-apphost:");
    expect(textOf(filesOf(flavor), "README.md")).not.toContain("docker push");
  });
});

describe("a manifest that is broken", () => {
  const manifests = manifestsIn(filesOf("operator"));
  it.each<[string, string, object, RegExp]>([
    ["Kafka", "kafka", { spec: { kafka: { listeners: [], brokers: 3 } } }, /additional propert.*"brokers"/],
    ["KafkaTopic", "input", { spec: { partitions: "many" } }, /partitions must be integer/],
    [
      "KafkaUser",
      "flink",
      { spec: { authentication: { type: "plain" } } },
      /authentication\/type must be equal to one of/,
    ],
    ["FlinkDeployment", "flink", { spec: { job: { paralellism: 3 } } }, /additional propert.*"paralellism"/],
    ["StatefulSet", "redis", { spec: { serviceName: "redis", replica: 1 } }, /must have required|additional propert/],
    ["Namespace", "flink-apphost", { kind: "Namespaces" }, /there is no schema for v1 Namespaces/],
  ])("is refused: %s %s", (kind, name, change, problem) => {
    const manifest = find(manifests, kind, name);
    expect(check(manifest)).toBeNull();
    expect(check({ ...manifest, ...change } as Manifest)).toMatch(problem);
  });
});

describe("the script of the job", () => {
  it("has Kafka's client read the password where it is mounted, by the connector's names", () => {
    const script = textOf(filesOf("operator", { topic: "it.is" }), "base/job.sql");
    expect(script).toContain(`'properties.sasl.jaas.config' = 'org.apache.flink.kafka.shaded.`);
    expect(script).toContain(`username="flink" password="\${folder:/opt/kafka-user:password}";'`);
    expect(script).toContain("'topic' = 'it.is.counts'");
    expect(script.trimEnd().endsWith(";")).toBe(true);
    expect(script).not.toContain("$internal");
  });
});

describe("the words of a Job", () => {
  const program = createProgram([], { setExitCode: () => undefined, takeHelp: () => undefined });

  it.each(["producer", "validator"])("are a verb of the program and options of it: %s", (name) => {
    const asked = {
      rate: 5,
      messageSize: 200,
      compression: "zstd",
      counterKey: "a$(REDIS_PASSWORD)",
      maxTimeMs: 5_000,
    } as const;
    const files = filesOf("operator", { ...asked, messages: 5_000 });
    const job = find(manifestsIn(files), "Job", name).spec as {
      template: { spec: { containers: { args: string[] }[] } };
    };
    const [verb, ...words] = job.template.spec.containers[0]?.args ?? [];
    const options = program.commands.find((command) => command.name() === verb)?.options.map(({ long }) => long);
    const named = words.filter((word) => word.startsWith("--"));
    expect(options).toEqual(expect.arrayContaining(named));
    expect(named).toContain(name === "producer" ? "--compression" : "--counter-key");
    // To Kubernetes `$(NAME)` is a variable, and `$$(NAME)` are these letters.
    if (name === "validator") expect(words).toContain("a$$(REDIS_PASSWORD)");
  });
});

describe("what the target has no use for", () => {
  const OUT = { out: "deploy", nodeImage: "node:24-slim" };
  it.each<[string, object, RegExp]>([
    ["kubernetes", { warmUp: "1s", kafkaImage: "apache/kafka:4.3.0" }, /no use for --warm-up and --kafka-image/],
    ["compose", { flavor: "operator", registry: "a/b" }, /no use for --flavor and --registry/],
    ["kubernetes", { registry: "UPPER/x" }, /--registry/],
    ["kubernetes", { messages: "0" }, /nothing to process/],
  ])("is refused: publish %s with %o", (target, given, problem) => {
    expect(() => readPublishRequest(target, { ...OUT, ...given }, {})).toThrow(problem);
  });

  it("has the operator where no flavor is asked for", () => {
    expect(readPublishRequest("kubernetes", OUT, {}).target).toEqual({
      kind: "kubernetes",
      flavor: "operator",
      registry: null,
    });
  });
});
