/** What a person does with the folder that was published. Pure. */
import { formatAmount } from "../../../simulator/common/foundation/figures.ts";
import type { HostOptions } from "../../options.ts";
import type { Flavor } from "./flavor.ts";
import { FLINK, FLINK_PORTS, FLINK_VERSION, KAFKA, NAMESPACE } from "./names.ts";

export interface PublishedImages {
  readonly app: string;
  readonly flink: string;
}

export interface ReadmeFacts {
  readonly options: HostOptions;
  readonly flavor: Flavor;
  readonly images: PublishedImages;
  /** To a registry; else the images are loaded into the nodes. */
  readonly isPushed: boolean;
}

const MACHINES = {
  operator: `Flink runs by the Flink Kubernetes Operator: it starts the JobManager and as many TaskManagers as the job needs, and its
autoscaler changes the job's parallelism by the load that it sees.`,
  standalone: `Flink runs as plain Deployments, in reactive mode: its adaptive scheduler uses every TaskManager that is there, and a
HorizontalPodAutoscaler says how many are. Each change restarts the job from its newest checkpoint.`,
} as const;

const NEEDED = {
  operator: `- Strimzi 1.0 or newer, and the Flink Kubernetes Operator with the CRD version \`v1beta1\` that knows \`v2_2\`, which both watch the
  namespace \`${NAMESPACE}\` (\`watchAnyNamespace=true\` of Strimzi's chart; the other's watches all if not told otherwise).`,
  standalone: `- Strimzi 1.0 or newer, which watches the namespace \`${NAMESPACE}\` (\`watchAnyNamespace=true\` of its chart), and the metrics server,
  which the autoscaler asks.`,
} as const;

const READY = {
  operator: `kubectl -n ${NAMESPACE} wait flinkdeployment/${FLINK} --for=jsonpath='{.status.jobStatus.state}'=RUNNING --timeout=10m`,
  standalone: `kubectl -n ${NAMESPACE} wait deployment/jobmanager --for=condition=Available --timeout=10m`,
} as const;

export const formatKubernetesReadme = ({
  options,
  flavor,
  images,
  isPushed,
}: ReadmeFacts): string => `# flink-apphost on Kubernetes

The counting job on Apache Flink ${FLINK_VERSION}, with a Kafka by Strimzi and a Redis; a producer that sends
${formatAmount(options.messages, "message")}; and a validator that reads everything back and proves that each took effect exactly once. Written by
\`flink-apphost publish kubernetes --flavor ${flavor}\`; nothing here needs flink-apphost on this machine. ${MACHINES[flavor]}

## Needed

- A cluster of one node (\`overlays/single-node\`), or of three to five (\`overlays/three-nodes\`: three brokers with three replicas
  and two in sync, a second JobManager, and pods spread over the nodes). \`kubectl\` with kustomize 5, and docker to build images.
${NEEDED[flavor]}
- A default StorageClass. On several nodes the volume of Flink's checkpoints is \`ReadWriteMany\`; where no StorageClass has that,
  point \`execution.checkpointing.dir\`, \`execution.checkpointing.savepoint-dir\` and \`high-availability.storageDir\` to an object store
  (and enable its plugin in \`images/flink/Dockerfile\`), and leave the claim as it is.
- A network plugin that keeps NetworkPolicies, and pods of DNS that are labelled \`k8s-app=kube-dns\`; else change
  \`base/network-policies.yaml\`.

## Commands, in order

\`\`\`sh
docker build -t ${images.app} images/app
docker build -t ${images.flink} images/flink
${
  isPushed
    ? `docker push ${images.app}
docker push ${images.flink}`
    : `# into the nodes, as your cluster does it; with kind, for example:
kind load docker-image ${images.app} ${images.flink}`
}
kubectl apply -k overlays/single-node
kubectl -n ${NAMESPACE} wait kafka/${KAFKA} --for=condition=Ready --timeout=10m
kubectl -n ${NAMESPACE} wait kafkatopic --all --for=condition=Ready --timeout=5m
kubectl -n ${NAMESPACE} wait kafkauser --all --for=condition=Ready --timeout=5m
${READY[flavor]}
kubectl apply -k jobs/producer
kubectl -n ${NAMESPACE} wait job/producer --for=condition=Complete --timeout=1h
kubectl apply -k jobs/validator
kubectl -n ${NAMESPACE} logs --follow job/validator --pod-running-timeout=2m
kubectl -n ${NAMESPACE} get job validator
\`\`\`

The validator's last lines are the verdict, and its exit code (in the status of its pod) is 0 only when it passed: 3 a server failed
or a fact could not be had, 4 exactly-once violated, 5 Flink's counts did not come in time. A further round: delete both jobs
(\`kubectl delete -k jobs/producer -k jobs/validator\`) and apply them again. The validator reads all that is in the topic, so give
\`--messages\` in \`jobs/validator/validator.yaml\` the sum.

Flink's own dashboard, at the port ${FLINK_PORTS.rest} of this machine:

\`\`\`sh
kubectl -n ${NAMESPACE} port-forward service/${FLINK}-rest ${FLINK_PORTS.rest}
\`\`\`

This removes everything. The claims of Kafka and Redis, which hold the data, go with the namespace:

\`\`\`sh
kubectl delete -k overlays/single-node
\`\`\`

## Secrets

The password of Redis is in \`base/redis.env\`, which only its owner may read, and of which kustomize makes the Secret \`redis\`; it
belongs in no repository. It is drawn once, and kept when this folder is published again. The passwords of Kafka's users are
invented by Strimzi in the cluster, in a Secret for each user, and are in no file here. Flink's Kafka client reads its own from
the mounted Secret, so it stands in no script, no argument and no configuration.

## Files

| file | holds |
| --- | --- |
| \`base/\` | Kafka, its topics and users, Redis, Flink, what may call whom, and how many may be away at once |
| \`base/job.sql\` | the job: statements that Flink's own SqlDriver runs |
| \`overlays/\` | what is other on one node, and on three to five |
| \`jobs/\` | producer and validator, applied by themselves when the rest is up |
| \`images/\` | the images: the application, and Flink with its SQL connector for Kafka |
| \`.flink-apphost-publish.json\` | what was written here, by digest. Publishing again replaces only what nobody has changed since |
`;
