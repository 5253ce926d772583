/**
 * What a person may not do to a resource, and why; null where nothing speaks against it. Refused is what cannot be undone
 * (the embedded Kafka holds the only copy of its records, and a server that is not ours is not ours to stop), and what
 * would have no effect.
 */
import type { ResourceAction } from "../control/protocol.ts";
import type { ResourceDeclaration } from "../model/resource.ts";
import type { System } from "./system.ts";

/** On the present process of a resource, which a task of a round may have, too. */
export type ProcessAction = Extract<ResourceAction, "kill" | "pause" | "resume">;
type LifeAction = Exclude<ResourceAction, ProcessAction>;

export const isProcessAction = (action: ResourceAction): action is ProcessAction =>
  action === "kill" || action === "pause" || action === "resume";

/** Tasks of a round come and go by themselves, so a person can name only those that run. */
export function listKnown(system: System): string[] {
  const standing = system.application.order.filter(({ life }) => life === "standing");
  const groups = standing.flatMap(({ group }) => group ?? []);
  const tasks = system.application.order.filter(
    ({ name, life }) => life === "task" && system.supervisors.get(name)?.hasProcess === true,
  );
  return [...new Set([...groups, ...[...standing, ...tasks].map(({ name }) => name)])];
}

export function findLifeRefusal(
  system: System,
  action: LifeAction,
  { name, life }: Pick<ResourceDeclaration, "name" | "life">,
): string | null {
  if (life === "task") return `${name} is the task of a round: it starts and ends with it`;
  const supervisor = system.supervisors.get(name);
  if (supervisor?.snapshot.state === "finished")
    return `${name} has finished its work, and is not started again: end this run with "flink-apphost down", and begin another with "flink-apphost up"`;
  const failure = supervisor?.failure ?? null;
  if (failure !== null) return `${name} is given up for the rest of the run: ${failure.message}`;
  if (action === "start" && supervisor?.isPaused === true) return `${name} is paused by the user: resume it`;
  return findForeignServer(system, name, "stop or start") ?? findLoss(system, name, "stop");
}

export function findProcessRefusal(system: System, action: ProcessAction, name: string): string | null {
  const supervisor = system.supervisors.get(name);
  const foreign = findForeignServer(system, name, action);
  if (foreign !== null) return foreign;
  if (supervisor === undefined || !supervisor.hasProcess) return `${name} is not running`;
  switch (action) {
    case "kill":
      return findLoss(system, name, "kill");
    case "pause": {
      const { pauseObstacle } = supervisor;
      return pauseObstacle === null ? null : `${name} cannot be paused: ${pauseObstacle}`;
    }
    case "resume":
      return supervisor.isPaused ? null : `${name} is not paused`;
  }
}

function findForeignServer(system: System, name: string, what: string): string | null {
  if (name !== "kafka" && name !== "redis") return null;
  const { launch, endpoint } = system.serverOf(name);
  return launch === null ? `${name} at ${endpoint} is not ours to ${what}` : null;
}

function findLoss(system: System, name: string, what: string): string | null {
  if ((name !== "kafka" && name !== "redis") || system.serverOf(name).survivesRestart) return null;
  return `the embedded ${name} keeps its records in memory only, and a ${what} would lose them: use --infra native, or --kafka`;
}
