/**
 * Redis in a container. Pure.
 *
 * N1 The password is in a file that is put in before the first start, readable by the server's user alone: it stands in
 *    no argument, no variable, and not in what the engine tells of the container.
 */
import { LOOPBACK } from "../../processes/ports.ts";
import { formatRedisConfiguration } from "../native-configuration.ts";
import type { ContainerSpec } from "./container-spec.ts";
import type { Labels } from "./labels.ts";

/** As whom the image runs the server. */
const REDIS_USER_ID = 999;
const INSIDE_PORT = 6379;
export const REDIS_DATA_FOLDER = "/data";
const FILE_FOLDER = "/etc";
const FILE_NAME = "flink-apphost-redis.conf";

export function createRedisSpec(options: {
  readonly name: string;
  readonly image: string;
  readonly labels: Labels;
  readonly port: number;
  readonly password: string;
  readonly isOnHost: boolean;
}): ContainerSpec {
  const { name, image, labels, port, password, isOnHost } = options;
  const text = formatRedisConfiguration({
    // On a network of its own it must hear the engine's forwarding; what reaches the engine's port is 127.0.0.1 alone.
    address: isOnHost ? LOOPBACK : "0.0.0.0",
    port: isOnHost ? port : INSIDE_PORT,
    password,
    folder: REDIS_DATA_FOLDER,
  });
  return {
    name,
    image,
    command: ["redis-server", `${FILE_FOLDER}/${FILE_NAME}`],
    env: {},
    labels,
    reach: isOnHost
      ? { kind: "host" }
      : { kind: "published", ports: [{ inside: INSIDE_PORT, host: port }], network: null },
    volumes: [REDIS_DATA_FOLDER],
    file: { folder: FILE_FOLDER, name: FILE_NAME, text, mode: 0o400, ownerId: REDIS_USER_ID },
  };
}
