/** All that `publish kubernetes` writes: names, contents, and who may read them. Pure. */
import type { INamespace } from "kubernetes-models/v1";
import { Document } from "yaml";
import type { HostOptions } from "../../options.ts";
import { createInstructions, formatDockerfile, formatDockerignore, TARBALL_NAME } from "../dockerfile.ts";
import { COMMANDS_FILE, nameImage, PUBLIC_MODE, type PublishedFile, SECRET_MODE } from "../published-files.ts";
import { createDisruptionBudgets, createNetworkPolicies } from "./cluster-rules.ts";
import { formatCountingScript } from "./counting-script.ts";
import type { Flavor } from "./flavor.ts";
import {
  createDataClaim,
  createRole,
  createRoleBinding,
  createServiceAccount,
  SCRIPT_CONFIG_MAP,
} from "./flink-cluster.ts";
import { createFlinkInstructions } from "./flink-image.ts";
import { createFlinkDeployment } from "./flink-operator.ts";
import {
  createAutoscaler,
  createJobManager,
  createRestService,
  createTaskManager,
  FLINK_CONFIG_MAP,
  FLINK_CONFIG_NAME,
  formatStandaloneConfiguration,
} from "./flink-standalone.ts";
import { createProducerJob, createValidatorJob } from "./jobs.ts";
import { createKafka, createNodePool, createTopics, createUsers } from "./kafka.ts";
import { formatKubernetesReadme, type PublishedImages } from "./kubernetes-readme.ts";
import { createBase, createKustomization, createNodePatches } from "./kustomization.ts";
import { NAMESPACE, PART_OF, REDIS, REDIS_PASSWORD, SCRIPT_NAME } from "./names.ts";
import { createRedis, createRedisService } from "./redis.ts";

export interface KubernetesPublication {
  readonly options: HostOptions;
  readonly flavor: Flavor;
  /** What the cluster puts before the names of the two images; null: nothing. */
  readonly registry: string | null;
  readonly nodeImage: string;
  readonly tarball: Buffer;
  /** For a file that has none yet. */
  readonly redisPassword: string;
}

const SECRET_NAME = "redis.env";
export const KUSTOMIZATION_NAME = "kustomization.yaml";

export function createKubernetesFiles(publication: KubernetesPublication): PublishedFile[] {
  const { options, flavor, registry, nodeImage, tarball, redisPassword } = publication;
  const verb = `publish kubernetes`;
  const appDockerfile = formatDockerfile(createInstructions({ nodeImage, verb }));
  const flinkDockerfile = formatDockerfile(createFlinkInstructions());
  const prefix = registry === null ? "" : `${registry}/`;
  const images: PublishedImages = {
    app: `${prefix}${nameImage("flink-apphost", appDockerfile, tarball)}`,
    flink: `${prefix}${nameImage("flink-apphost-flink", flinkDockerfile)}`,
  };
  const plain = (name: string, content: string | Buffer): PublishedFile => ({
    name,
    content,
    mode: PUBLIC_MODE,
    isSecret: false,
  });
  return [
    plain(COMMANDS_FILE, formatKubernetesReadme({ options, flavor, images, isPushed: registry !== null })),
    ...createBaseFiles(options, flavor, images).map(([name, content]) => plain(`base/${name}`, content)),
    {
      name: `base/${SECRET_NAME}`,
      content: `${REDIS_PASSWORD}=${redisPassword}\n`,
      mode: SECRET_MODE,
      isSecret: true,
    },
    ...createOverlayFiles(options, flavor).map(([name, content]) => plain(`overlays/${name}`, content)),
    ...createJobFiles(options, images).map(([name, content]) => plain(`jobs/${name}`, content)),
    plain("images/app/Dockerfile", appDockerfile),
    plain("images/app/.dockerignore", formatDockerignore()),
    plain(`images/app/${TARBALL_NAME}`, tarball),
    plain("images/flink/Dockerfile", flinkDockerfile),
  ];
}

type NamedContent = readonly [name: string, content: string];

function createBaseFiles(options: HostOptions, flavor: Flavor, images: PublishedImages): NamedContent[] {
  const manifests: NamedContent[] = [
    ["namespace.yaml", formatObjects(createNamespace())],
    ["kafka.yaml", formatObjects(createNodePool(options), createKafka())],
    ["topics.yaml", formatObjects(...createTopics(options))],
    ["users.yaml", formatObjects(...createUsers(options))],
    ["redis.yaml", formatObjects(createRedisService(), createRedis(options))],
    [
      "flink-rights.yaml",
      formatObjects(createServiceAccount(), createRole(flavor), createRoleBinding(), createDataClaim()),
    ],
    ["flink.yaml", formatObjects(...createFlink(options, flavor, images.flink))],
    ["network-policies.yaml", formatObjects(...createNetworkPolicies())],
    ["disruption-budgets.yaml", formatObjects(...createDisruptionBudgets())],
  ];
  const configuration: NamedContent[] =
    flavor === "standalone" ? [[FLINK_CONFIG_NAME, formatStandaloneConfiguration(options)]] : [];
  const base = createBase(
    manifests.map(([name]) => name),
    {
      configMapGenerator: [
        { name: SCRIPT_CONFIG_MAP, files: [SCRIPT_NAME] },
        ...configuration.map(([name]) => ({ name: FLINK_CONFIG_MAP, files: [name] })),
      ],
      secretGenerator: [{ name: REDIS, envs: [SECRET_NAME] }],
    },
  );
  return [
    [KUSTOMIZATION_NAME, formatObjects(base)],
    ...manifests,
    ...configuration,
    [SCRIPT_NAME, formatCountingScript(options)],
  ];
}

function createFlink(options: HostOptions, flavor: Flavor, image: string): object[] {
  switch (flavor) {
    case "operator":
      return [createFlinkDeployment(options, image)];
    case "standalone":
      return [createJobManager(image), createRestService(), createTaskManager(image), createAutoscaler(options)];
  }
}

/** Strimzi's and Flink's operators see to the rights of their own; this keeps what has none out. */
const createNamespace = (): INamespace => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: {
    name: NAMESPACE,
    labels: {
      ...PART_OF,
      "pod-security.kubernetes.io/enforce": "baseline",
      "pod-security.kubernetes.io/warn": "restricted",
    },
  },
});

export const OVERLAYS = ["single-node", "three-nodes"] as const;

function createOverlayFiles(options: HostOptions, flavor: Flavor): NamedContent[] {
  const [single, several] = OVERLAYS;
  const patches = [...createNodePatches(options, flavor)];
  const resources = ["../../base"];
  return [
    [`${single}/${KUSTOMIZATION_NAME}`, formatObjects(createKustomization({ resources }))],
    [
      `${several}/${KUSTOMIZATION_NAME}`,
      formatObjects(createKustomization({ resources, patches: patches.map(([path]) => ({ path })) })),
    ],
    ...patches.map(([name, patch]): NamedContent => [`${several}/${name}`, formatObjects(patch)]),
  ];
}

const createJobFiles = (options: HostOptions, images: PublishedImages): NamedContent[] =>
  (["producer", "validator"] as const).flatMap((name): NamedContent[] => {
    const job = (name === "producer" ? createProducerJob : createValidatorJob)(options, images.app);
    return [
      [`${name}/${KUSTOMIZATION_NAME}`, formatObjects(createKustomization({ resources: [`${name}.yaml`] }))],
      [`${name}/${name}.yaml`, formatObjects(job)],
    ];
  });

/** By the older rules of YAML, which quote what any reader could take for something else than a text. */
const formatObjects = (...objects: readonly object[]): string =>
  objects
    .map((object) =>
      new Document(object, { schema: "yaml-1.1", aliasDuplicateObjects: false }).toString({ lineWidth: 0 }),
    )
    .join("---\n");
