/**
 * Programs that only some machines have. A suite that needs one is skipped where it is missing, with the reason in its
 * title and again at the end of the run; with REQUIRE_REAL=1 it fails instead, so that a machine set up for them cannot
 * pass by skipping.
 */
import { spawnSync } from "node:child_process";
import { describe } from "vitest";
import { readFlinkHome } from "../../apphost/drivers/flink/flink-home.ts";
import { browserMissing } from "./browser.ts";
import { flinkWebMissing } from "./flink-web.ts";
import { type KubernetesProgram, kubernetesProgramMissing } from "./kubernetes-tools.ts";
import { realDockerMissing, realFlinkImageMissing } from "./real-docker.ts";
import { realKafkaMissing } from "./real-kafka.ts";
import { realRedisMissing, realRedisTlsMissing } from "./real-redis.ts";
import { SKIP_MARK } from "./skip-reporter.ts";

export type RealPart =
  | "kafka"
  | "kafka-zookeeper"
  | "flink"
  | "redis"
  | "redis-tls"
  | "openssl"
  | "javac"
  | "kcat"
  | "tmux"
  | "redis-cli"
  | "redis-py"
  | "bash"
  | "zsh"
  | "fish"
  | "docker"
  | "flink-image"
  | "browser"
  | "flink-web"
  | KubernetesProgram;

/** Why the part cannot be used, or false. Throws where it is missing and REQUIRE_REAL=1. */
export function requireReal(part: RealPart): { readonly skip: string | false } {
  switch (part) {
    case "kafka":
      return { skip: realKafkaMissing() ?? false };
    case "kafka-zookeeper":
      return { skip: realKafkaMissing("KAFKA_ZOOKEEPER_HOME") ?? false };
    case "flink":
      return { skip: flinkMissing() };
    case "redis":
      return { skip: realRedisMissing() ?? false };
    case "redis-tls":
      return { skip: realRedisTlsMissing() ?? false };
    case "openssl":
      return { skip: programMissing(part, "version") ?? false };
    case "javac":
    case "redis-cli":
    case "bash":
    case "zsh":
    case "fish":
      return { skip: programMissing(part, "--version") ?? false };
    case "redis-py":
      return { skip: redisPyMissing() ?? false };
    case "docker":
      return { skip: realDockerMissing() ?? false };
    case "flink-image":
      return { skip: realFlinkImageMissing() ?? false };
    case "browser":
      return { skip: browserMissing() ?? false };
    case "flink-web":
      return { skip: flinkWebMissing() ?? false };
    case "kubectl":
    case "hadolint":
    case "kubeconform":
      return { skip: kubernetesToolMissing(part) };
    case "kcat":
    case "tmux":
      return { skip: programMissing(part, "-V") ?? false };
  }
}

/** A suite that needs real parts. */
export function describeReal(parts: readonly RealPart[], title: string, body: () => void): void {
  const reasons = parts.map((part) => requireReal(part).skip).filter((reason) => reason !== false);
  if (reasons.length === 0) describe(title, body);
  else describe.skip(`${title} ${SKIP_MARK}${reasons.join("; ")})`, body);
}

/** Made by `scripts/real-parts/fetch-redis-py`. Without it the machine's Python is asked. */
export const REDIS_PYTHON = process.env["REDIS_PYTHON"] ?? "python3";

function redisPyMissing(): string | null {
  const probe = spawnSync(REDIS_PYTHON, ["-c", "import redis"], { stdio: "ignore" });
  return probe.status === 0 ? null : missing(`${REDIS_PYTHON} has no package redis`);
}

/** Not missed with REQUIRE_REAL=1 where nobody set FLINK_HOME: a machine is set up for it by setting that. */
function flinkMissing(): string | false {
  const home = readFlinkHome(process.env);
  if (home.kind === "usable") return false;
  return (process.env["FLINK_HOME"] ?? "") === "" ? home.reason : missing(home.reason);
}

/** Not missed with REQUIRE_REAL=1 where nobody set KUBERNETES_TOOLS; kubeconform is built, which takes a minute, and is not. */
function kubernetesToolMissing(program: KubernetesProgram): string | false {
  const reason = kubernetesProgramMissing(program);
  if (reason === null) return false;
  const isOptional = program === "kubeconform" || (process.env["KUBERNETES_TOOLS"] ?? "") === "";
  return isOptional ? reason : missing(reason);
}

function programMissing(program: string, versionFlag: string): string | null {
  const probe = spawnSync(program, [versionFlag], { stdio: "ignore" });
  if (probe.error === undefined && probe.status === 0) return null;
  return missing(`${program} is not on PATH`);
}

function missing(reason: string): string {
  if (process.env["REQUIRE_REAL"] === "1") throw new Error(`${reason}, and REQUIRE_REAL=1 asks for it`);
  return reason;
}
