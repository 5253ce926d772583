/** Redis, which keeps what the job counted: one server, its data in a claim of its own. Pure. */
import type { IStatefulSet } from "kubernetes-models/apps/v1";
import type { IProbe, IService } from "kubernetes-models/v1";
import { REDIS_DATA_FOLDER } from "../../drivers/docker/redis.ts";
import { formatRedisConfiguration } from "../../drivers/native-configuration.ts";
import type { HostOptions } from "../../options.ts";
import { metadataOf, REDIS, REDIS_PASSWORD, REDIS_PORT, selectorOf } from "./names.ts";
import { createContainerRights, createPodRights, createResources } from "./pod-rights.ts";

/** Redis needs no name for its user, and its images have different numbers. */
const USER_ID = 1_000;
const STORAGE = "2Gi";
/** The state is small; a rewrite of its log forks the server. */
const RESOURCES = { cpu: "250m", memory: "512Mi" };

export const createRedisService = (): IService => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: metadataOf(REDIS, selectorOf("redis")),
  spec: { clusterIP: "None", selector: selectorOf("redis"), ports: [{ name: "redis", port: REDIS_PORT }] },
});

/** The server reads its configuration, with the password in it, from its standard input: so it stands in no argument. */
export const createRedis = ({ redisImage }: Pick<HostOptions, "redisImage">): IStatefulSet => {
  const password = `$${REDIS_PASSWORD}`;
  const configuration = formatRedisConfiguration({
    address: "0.0.0.0",
    port: REDIS_PORT,
    password,
    folder: REDIS_DATA_FOLDER,
  });
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: metadataOf(REDIS, selectorOf("redis")),
    spec: {
      serviceName: REDIS,
      replicas: 1,
      selector: { matchLabels: selectorOf("redis") },
      template: {
        metadata: { labels: selectorOf("redis") },
        spec: {
          automountServiceAccountToken: false,
          securityContext: createPodRights(USER_ID),
          containers: [
            {
              name: REDIS,
              image: redisImage,
              command: ["sh", "-c", `exec redis-server - <<END\n${configuration}END\n`],
              env: [{ name: REDIS_PASSWORD, valueFrom: { secretKeyRef: { name: REDIS, key: REDIS_PASSWORD } } }],
              ports: [{ name: "redis", containerPort: REDIS_PORT }],
              // A log of many megabytes is read before it answers.
              startupProbe: createProbe({ failureThreshold: 60, periodSeconds: 2 }),
              readinessProbe: createProbe({ periodSeconds: 5 }),
              livenessProbe: createProbe({ periodSeconds: 10, failureThreshold: 6 }),
              resources: createResources(RESOURCES),
              securityContext: createContainerRights("readOnly"),
              volumeMounts: [
                { name: "data", mountPath: REDIS_DATA_FOLDER },
                { name: "tmp", mountPath: "/tmp" },
              ],
            },
          ],
          volumes: [{ name: "tmp", emptyDir: { sizeLimit: "16Mi" } }],
        },
      },
      volumeClaimTemplates: [
        {
          apiVersion: "v1",
          kind: "PersistentVolumeClaim",
          metadata: { name: "data" },
          spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: STORAGE } } },
        },
      ],
    },
  };
};

const ASK = ["sh", "-c", `REDISCLI_AUTH="$${REDIS_PASSWORD}" redis-cli -p ${REDIS_PORT} ping | grep -q PONG`];

const createProbe = (times: Pick<IProbe, "periodSeconds" | "failureThreshold">): IProbe => ({
  exec: { command: ASK },
  timeoutSeconds: 5,
  ...times,
});
