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

/** From the names of the jars. The Kafka connector is a jar of its own, which Flink's download does not contain. */
export function readFlinkHome(env: Variables): FlinkHome {
  const folder = env["FLINK_HOME"] ?? "";
  if (folder === "") return { kind: "unusable", reason: "FLINK_HOME is not set" };
  const [lib, opt] = [join(folder, "lib"), join(folder, "opt")];
  const version = findJar(lib, /^flink-dist-(\d[\w.-]*)\.jar$/)?.[1];
  if (version === undefined) return missing(folder, lib, "no Flink jar (flink-dist-VERSION.jar)");
  const gateway = findJar(opt, /^flink-sql-gateway-\d[\w.-]*\.jar$/)?.[0];
  if (gateway === undefined) return missing(folder, opt, "no SQL Gateway (flink-sql-gateway-VERSION.jar)");
  const connector = findJar(lib, /^flink-sql-connector-kafka-\d[\w.-]*\.jar$/)?.[0];
  if (connector === undefined) {
    return missing(folder, lib, "no Kafka connector (flink-sql-connector-kafka-VERSION.jar)");
  }
  return {
    kind: "usable",
    folder,
    version,
    gatewayJar: join(opt, gateway),
    kafkaConnectorJar: resolve(lib, connector),
  };
}

const missing = (folder: string, place: string, what: string): FlinkHome => ({
  kind: "unusable",
  reason: `FLINK_HOME is ${folder}, and ${place} has ${what}`,
});

function findJar(folder: string, pattern: RegExp): RegExpExecArray | undefined {
  try {
    return readdirSync(folder)
      .map((name) => pattern.exec(name))
      .find((match) => match !== null);
  } catch {
    // No such folder: none of its jars is there.
    return undefined;
  }
}
