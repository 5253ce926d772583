/** What FLINK_HOME is: the jars that a cluster with a SQL Gateway and Kafka tables needs, and which Flink they are. */
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";

type Variables = Readonly<Record<string, string | undefined>>;

export type FlinkHome =
  | {
      readonly kind: "usable";
      readonly folder: string;
      readonly version: string;
      /** Absolute. It lies in `opt/`, beside jars that must not be on the class path with it. */
      readonly gatewayJar: string;
      /** Absolute. */
      readonly kafkaConnectorJar: string;
    }
  | { readonly kind: "unusable"; readonly reason: string };

/** By their names, in the folders `lib` and `opt` of a Flink, wherever that is. */
export interface FlinkJars {
  readonly version: string | undefined;
  readonly gateway: string | undefined;
  readonly kafkaConnector: string | undefined;
}

export const findFlinkJars = (lib: readonly string[], opt: readonly string[]): FlinkJars => ({
  version: findJar(lib, /^flink-dist-(\d[\w.-]*)\.jar$/)?.[1],
  gateway: findJar(opt, /^flink-sql-gateway-\d[\w.-]*\.jar$/)?.[0],
  kafkaConnector: findJar(lib, /^flink-sql-connector-kafka-\d[\w.-]*\.jar$/)?.[0],
});

/** From the names of the jars. The Kafka connector is a jar of its own, which Flink's download does not contain. */
export function readFlinkHome(env: Variables): FlinkHome {
  const folder = env["FLINK_HOME"] ?? "";
  if (folder === "") return { kind: "unusable", reason: "FLINK_HOME is not set" };
  const [lib, opt] = [join(folder, "lib"), join(folder, "opt")];
  const { version, gateway, kafkaConnector } = findFlinkJars(listFolder(lib), listFolder(opt));
  if (version === undefined) return missing(folder, lib, "no Flink jar (flink-dist-VERSION.jar)");
  if (gateway === undefined) return missing(folder, opt, "no SQL Gateway (flink-sql-gateway-VERSION.jar)");
  if (kafkaConnector === undefined) {
    return missing(folder, lib, "no Kafka connector (flink-sql-connector-kafka-VERSION.jar)");
  }
  return {
    kind: "usable",
    folder,
    version,
    gatewayJar: join(opt, gateway),
    kafkaConnectorJar: resolve(lib, kafkaConnector),
  };
}

const missing = (folder: string, place: string, what: string): FlinkHome => ({
  kind: "unusable",
  reason: `FLINK_HOME is ${folder}, and ${place} has ${what}`,
});

const findJar = (names: readonly string[], pattern: RegExp): RegExpExecArray | undefined =>
  names.map((name) => pattern.exec(name)).find((match) => match !== null) ?? undefined;

function listFolder(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // No such folder: none of its jars is there.
    return [];
  }
}
