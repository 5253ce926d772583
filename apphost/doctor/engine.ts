/** The container engine and its images. */
import { existsSync } from "node:fs";
import { withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { maskTyped } from "../../simulator/common/foundation/mask.ts";
import { describeAttempts, type EngineLookup } from "../drivers/docker/engine.ts";
import type { ServerKind } from "../drivers/driver.ts";
import type { HostOptions } from "../options.ts";
import { type CheckPlan, type Finding, ok, warning } from "./check.ts";
import type { ImageState, Lookups } from "./lookups.ts";
import { judgeMissing, type Need, needOf } from "./need.ts";

const ANSWER_MS_MAX = 2_000;
const NEEDED_FOR = "--infra docker";

/** Where the engine keeps its data, if that is a folder of this machine: in a virtual machine's engine it is not. */
export async function findEngineFolder(lookup: EngineLookup): Promise<string | undefined> {
  if (lookup.kind === "none") return undefined;
  const info = lookup.engine.docker.info() as Promise<{ DockerRootDir?: unknown }>;
  const { DockerRootDir: folder } = await withDeadline(info, { what: "the engine's facts", deadlineMs: ANSWER_MS_MAX });
  return process.platform === "linux" && typeof folder === "string" && existsSync(folder) ? folder : undefined;
}

export function planEngineChecks(options: HostOptions, lookups: Lookups): CheckPlan[] {
  const needs = { kafka: needOf("kafka", "docker", options), redis: needOf("redis", "docker", options) };
  const need = needs.kafka === "none" ? needs.redis : needs.kafka;
  const plan = { neededFor: NEEDED_FOR, isAskedInfrastructure: need === "asked" };
  const examineImage = (kind: ServerKind) => async () => {
    const images = await lookups.images();
    return images === null || needs[kind] === "none" ? null : judgeImage(images[kind]);
  };
  return [
    {
      id: "engine",
      title: "Engine",
      ...plan,
      examine: async () => judgeEngine(await lookups.engine(), need),
    },
    { id: "kafka-image", title: "Kafka image", ...plan, examine: examineImage("kafka") },
    { id: "redis-image", title: "Redis image", ...plan, examine: examineImage("redis") },
  ];
}

export function judgeEngine(lookup: EngineLookup, need: Need): Finding {
  if (lookup.kind === "found") {
    const { version, apiVersion, address, source } = lookup.engine;
    return ok(`${version}, API ${apiVersion}, at ${maskTyped(address)} (${source})`);
  }
  const fix = "start Docker or Podman for this user, or use --infra native or embedded";
  return judgeMissing(need, { found: "no container engine answers", reason: describeAttempts(lookup.attempts), fix });
}

/** Whether a pull works shows only when it is tried, and a check changes nothing. */
export function judgeImage({ name, isLocal }: ImageState): Finding {
  if (isLocal) return ok(`${name} is on this machine`);
  return warning(`${name} is not on this machine`, "it would be pulled at the start", `docker pull ${name}`);
}
