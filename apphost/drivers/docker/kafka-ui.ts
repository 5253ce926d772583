/** The optional web page over the run's Kafka, in a container. Pure. */
import { LOOPBACK } from "../../processes/ports.ts";
import type { ContainerSpec } from "./container-spec.ts";
import { KAFKA_INTERNAL_ADDRESS } from "./kafka.ts";
import type { Labels } from "./labels.ts";

const INSIDE_PORT = 8080;

export function createKafkaUiSpec(options: {
  readonly name: string;
  readonly image: string;
  readonly labels: Labels;
  /** Of the page, on 127.0.0.1. */
  readonly port: number;
  /** As programs of this machine reach it. */
  readonly kafka: string;
  /** On which it finds Kafka; null: both share this machine's network. */
  readonly network: string | null;
}): ContainerSpec {
  const { name, image, labels, port, kafka, network } = options;
  return {
    name,
    image,
    command: null,
    env: {
      KAFKA_CLUSTERS_0_NAME: "flink-apphost",
      KAFKA_CLUSTERS_0_BOOTSTRAPSERVERS: network === null ? kafka : KAFKA_INTERNAL_ADDRESS,
      SERVER_PORT: String(network === null ? port : INSIDE_PORT),
      ...(network === null ? { SERVER_ADDRESS: LOOPBACK } : {}),
    },
    labels,
    reach:
      network === null
        ? { kind: "host" }
        : {
            kind: "published",
            ports: [{ inside: INSIDE_PORT, host: port }],
            network: { name: network, alias: "kafka-ui" },
          },
    volumes: [],
    file: null,
  };
}
