/**
 * What an image of Flink has: the official one, or one that a user made of it. Asked of the image itself, since neither its
 * name nor its labels tell: a container lists the folders, and is gone again.
 */
import { randomBytes } from "node:crypto";
import type Docker from "dockerode";
import { findFlinkJars } from "../flink/flink-home.ts";
import { callEngine, engineMessage } from "./calls.ts";
import { createLabels, nameInEngine } from "./labels.ts";

export type FlinkImage =
  | {
      readonly kind: "usable";
      readonly name: string;
      readonly version: string;
      /** Folder inside. */
      readonly home: string;
      /** Path inside. */
      readonly gatewayJar: string;
      readonly hasKafkaConnector: boolean;
    }
  | { readonly kind: "unusable"; readonly reason: string };

const RESOURCE = "flink-image";
/** Of the shell, in that order: the folder, its listings, and the path of Java. */
const LOOK = `cd "\${FLINK_HOME:-/opt/flink}" && pwd && ls -1 lib opt && command -v java`;

/** `base`: the folder that keeps the runs. There is no run yet whose the container could be. */
export async function examineFlinkImage(docker: Docker, image: string, base: string): Promise<FlinkImage> {
  const runId = randomBytes(4).toString("hex");
  const container = await callEngine(`create a container of ${image}`, () =>
    docker.createContainer({
      name: nameInEngine(runId, RESOURCE),
      Image: image,
      Labels: { ...createLabels({ base, runId, resource: RESOURCE }) },
      Entrypoint: ["sh", "-c"],
      Cmd: [LOOK],
      // With one its output comes as it is, in no frames.
      Tty: true,
      HostConfig: { NetworkMode: "none" },
    }),
  );
  try {
    await callEngine(`start a container of ${image}`, () => container.start());
    await callEngine(`look into ${image}`, () => container.wait());
    const logs = await callEngine(`tell what is in ${image}`, () => container.logs({ stdout: true, stderr: true }));
    return readFlinkImage(image, String(logs));
  } catch (error) {
    return { kind: "unusable", reason: `image ${image} cannot be looked into: ${engineMessage(error)}` };
  } finally {
    await callEngine(`remove the container of ${image}`, () => container.remove({ force: true, v: true }));
  }
}

/** Of the output of LOOK: `/opt/flink`, `lib:` with names, a blank line, `opt:` with names, `/usr/bin/java`. */
export function readFlinkImage(name: string, text: string): FlinkImage {
  const lines = text.split(/\r?\n/).filter((line) => line !== "");
  const [home = "", ...rest] = lines;
  const [libAt, optAt] = [rest.indexOf("lib:"), rest.indexOf("opt:")];
  if (libAt < 0 || optAt < libAt) {
    return { kind: "unusable", reason: `image ${name} has no Flink: ${lines.at(-1) ?? "its shell said nothing"}` };
  }
  const lacks = (what: string): FlinkImage => ({ kind: "unusable", reason: `image ${name} has ${what} in ${home}` });
  const { version, gateway, kafkaConnector } = findFlinkJars(rest.slice(libAt, optAt), rest.slice(optAt));
  if (version === undefined) return lacks("no Flink jar (lib/flink-dist-VERSION.jar)");
  if (gateway === undefined) return lacks("no SQL Gateway (opt/flink-sql-gateway-VERSION.jar)");
  if (!/\/java$/.test(rest.at(-1) ?? "")) return { kind: "unusable", reason: `image ${name} has no java on PATH` };
  const gatewayJar = `${home}/opt/${gateway}`;
  return { kind: "usable", name, version, home, gatewayJar, hasKafkaConnector: kafkaConnector !== undefined };
}
