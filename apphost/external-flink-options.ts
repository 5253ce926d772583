/** What `--flink` and `--sql-gateway` come to with the other options of a run. */
import { formatHttpAddress, isLoopback } from "../simulator/common/foundation/address.ts";
import { createError } from "../simulator/common/foundation/errors.ts";
import type { HostOptions } from "./options.ts";

/** Who names a Flink means to use it. `given`: the engine that was asked for; undefined: none. */
export function completeExternalFlink(options: HostOptions, given: HostOptions["engine"] | undefined): HostOptions {
  if (options.flink === null) return options;
  if (given === "apphost") refuse("--flink and --engine apphost contradict each other", "omit one of them");
  return { ...options, engine: "flink" };
}

type ExternalFlinkOptions = Pick<HostOptions, "flink" | "sqlGateway" | "allowRemote" | "kafka" | "kafkaConfig">;

/** Submitting a job to somebody's cluster by accident is worse than one more option. */
export function refuseExternalFlink(options: ExternalFlinkOptions): void {
  const { flink, sqlGateway, allowRemote, kafka, kafkaConfig } = options;
  if (flink === null) {
    if (sqlGateway !== null) refuse("--sql-gateway is the one of a Flink that runs", "add --flink, or omit it");
    return;
  }
  if (kafkaConfig !== null) {
    refuse(
      "--flink with --kafka-config is not built: Flink's job would need what is in that file",
      "give a Kafka that lets everybody in",
    );
  }
  const remote = [flink, sqlGateway].flatMap((one) => (one === null || isLoopback(one.host) ? [] : [one]));
  if (remote.length > 0 && !allowRemote) {
    const addresses = remote.map(formatHttpAddress).join(", ");
    refuse(
      `${addresses} is not on this machine, and the run would submit its job there`,
      "add --allow-remote if that is meant",
    );
  }
  // The TaskManagers take the records from Kafka, and ours listens on this machine's loopback alone.
  if (!isLoopback(flink.host) && (kafka ?? []).every(({ host }) => isLoopback(host))) {
    refuse(
      `the Flink at ${formatHttpAddress(flink)} is not on this machine, and cannot reach a Kafka that listens on its loopback`,
      "give the --kafka HOST:PORT that both reach",
    );
  }
}

function refuse(what: string, advice: string): never {
  throw createError("USAGE_CONFLICT", { what, advice });
}
