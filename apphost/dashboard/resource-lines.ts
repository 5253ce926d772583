/**
 * The resources as the table shows them: the TaskManagers are one line, each one that needs attention has its own, and
 * helpers (watchdog, report) show only when something is wrong with them. Pure.
 */
import type { RunPhase } from "../../simulator/common/contract/events.ts";
import { type ResourceEvent, resourceLevel } from "../snapshot/event-text.ts";
import { formatCount } from "../snapshot/format.ts";

export interface ResourceLine {
  readonly name: string;
  readonly state: string;
  readonly health: string;
  readonly restarts: string;
  readonly pid: string;
  readonly endpoint: string;
  readonly reason: string;
  readonly level: "info" | "warn" | "error";
}

const HELPERS: readonly string[] = ["watchdog", "report"];
/** TaskManagers with their own line; the group's line counts the rest. */
const TROUBLED_MAX = 5;

export function listResourceLines(resources: readonly ResourceEvent[], phase: RunPhase): readonly ResourceLine[] {
  const lines: ResourceLine[] = [];
  const taskManagers = resources.filter((resource) => resource.kind === "taskmanager");
  let isGroupListed = false;
  for (const resource of resources) {
    if (resource.kind === "taskmanager") {
      if (!isGroupListed) lines.push(...listTaskManagers(taskManagers, phase));
      isGroupListed = true;
    } else if (!HELPERS.includes(resource.kind) || levelOf(resource, phase) === "error") {
      lines.push(toLine(resource, phase));
    }
  }
  return lines;
}

function listTaskManagers(group: readonly ResourceEvent[], phase: RunPhase): readonly ResourceLine[] {
  const running = group.filter((resource) => resource.state === "running").length;
  const troubled = group.filter((resource) => levelOf(resource, phase) !== "info");
  const restarts = group.reduce((sum, resource) => sum + resource.restarts, 0);
  return [
    {
      name: "taskmanagers",
      state: `${running}/${group.length} running`,
      health: troubled.length === 0 ? "" : `${troubled.length} not well`,
      restarts: restarts === 0 ? "" : formatCount(restarts),
      pid: "",
      endpoint: "",
      reason: "",
      level: troubled.length === 0 ? "info" : "warn",
    },
    ...troubled.slice(0, TROUBLED_MAX).map((resource) => toLine(resource, phase)),
  ];
}

/** As it stands now: a restart that is over is no trouble, it stays visible in its column. */
const levelOf = (resource: ResourceEvent, phase: RunPhase) => resourceLevel(resource, resource, phase);

function toLine(resource: ResourceEvent, phase: RunPhase): ResourceLine {
  return {
    name: resource.name,
    state: resource.state,
    health: resource.health === "unknown" ? "" : resource.health,
    restarts: resource.restarts === 0 ? "" : formatCount(resource.restarts),
    pid: resource.pid === null ? "" : String(resource.pid),
    endpoint: resource.endpoint ?? "",
    reason: resource.reason,
    level: levelOf(resource, phase),
  };
}
