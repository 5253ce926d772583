/**
 * What an event says to a person, in one line, or nothing. Plain output and dashboard share it, so that both tell the
 * same story. Pure.
 *
 * Healthy TaskManagers are spoken of as a group: 20 of them would bury the line that matters. One that fails, restarts
 * or turns unhealthy always gets its own line.
 */
import {
  type HostEvent,
  KILLED_BY_USER,
  PAUSED_BY_USER,
  type RunPhase,
  STOPPED,
  STOPPED_BY_USER,
} from "../../simulator/common/contract/events.ts";
import { formatCheckpointId } from "../../simulator/common/contract/files/checkpoint.ts";
import { type Infrastructure, nameFault } from "../../simulator/common/contract/files/report.ts";
import { unreachable } from "../../simulator/common/foundation/assert.ts";
import { describeWaited } from "../../simulator/common/foundation/long-wait.ts";
import { listNames } from "../model/name-list.ts";
import { flattenText, formatAmount, formatCount, formatMs, formatRate } from "./format.ts";

export type ResourceEvent = Extract<HostEvent, { type: "resource" }>;
export type VerdictEvent = Extract<HostEvent, { type: "verdict" }>;
type ValidationEvent = Extract<HostEvent, { type: "validation" }>;

export interface EventLine {
  readonly atUs: number;
  readonly level: "info" | "warn" | "error";
  readonly source: string;
  readonly text: string;
}

/** What was known before the event. */
export interface EventContext {
  readonly phase: RunPhase;
  readonly resources: readonly ResourceEvent[];
}

export function describeEvent(event: HostEvent, before: EventContext): EventLine | undefined {
  const line = (source: string, text: string, level: EventLine["level"] = "info"): EventLine => ({
    atUs: event.atUs,
    level,
    source,
    text: flattenText(text),
  });
  switch (event.type) {
    case "run":
      return line("run", `${event.runId}: ${event.command}`);
    case "phase":
      return line("phase", event.detail === "" ? event.phase : `${event.phase}: ${event.detail}`);
    case "resource":
      return describeResource(event, before, line);
    case "resourceRemoved":
      return line(event.name, "removed");
    case "infrastructure":
      return line(
        "infrastructure",
        `kafka ${describeInfrastructure(event.kafka)}, redis ${describeInfrastructure(event.redis)}`,
      );
    case "stopRequested":
      return line("host", "asked to stop: ending in order; another Ctrl+C kills everything at once");
    case "stopping": {
      const { names, waitedMs, budgetMs } = event;
      return line("stopping", `waiting for ${listNames(names)} to end, ${describeWaited(waitedMs, budgetMs)}`);
    }
    case "waiting":
      return line("waiting", `for ${event.for}, ${describeWaited(event.waitedMs, event.deadlineMs)}`);
    case "notice":
      return line(event.resource, event.text, event.level);
    case "progress":
    case "usage":
    case "validation":
      return undefined;
    case "exit":
      // The resource's own event tells that it ended, and this one what its log said last.
      return undefined;
    case "check": {
      const { id, status, reason } = event.check;
      if (status === "passed" || status === "notApplicable") return undefined;
      return line("check", `${id} ${status}: ${reason}`, status === "failed" ? "error" : "warn");
    }
    case "checkpoint":
      // Completed ones come each second; the progress line names the newest.
      if (event.status === "completed") return undefined;
      return line("checkpoint", `${formatCheckpointId(event.id)} failed: ${event.reason ?? "no reason given"}`, "warn");
    case "fault": {
      const { target, planned, detail, recoveredAfterMs } = event.fault;
      if (recoveredAfterMs !== null) return line(target, `back after ${formatMs(recoveredAfterMs)} (${detail})`);
      return line(target, `${nameFault(event.fault)} (${detail})`, planned ? "info" : "warn");
    }
    case "verdict":
      return line("verdict", describeVerdict(event), verdictLevel(event.verdict));
    default:
      return unreachable(event);
  }
}

/** Nothing is known to be wrong with one that is unknown, but it is no pass. */
export function verdictLevel(verdict: VerdictEvent["verdict"]): EventLine["level"] {
  switch (verdict) {
    case "passed":
      return "info";
    case "unknown":
      return "warn";
    case "failed":
    case "interrupted":
      return "error";
    default:
      return unreachable(verdict);
  }
}

export function describeInfrastructure(infrastructure: Infrastructure): string {
  const durability =
    infrastructure.aof == null ? "" : `, aof ${infrastructure.aof} ${infrastructure.fsync ?? ""}`.trimEnd();
  return `${infrastructure.mode} ${infrastructure.version} at ${infrastructure.endpoint}${durability}`;
}

/**
 * `PASSED: 100,000 messages processed, 0 lost, 0 duplicated, 1,234,567/s, checks 20 passed, 0 failed, 1 not applicable`.
 * A verdict covers all rounds, and from the second on that is said: `2,000 messages of all 2 rounds processed`.
 * What is not known is said once, in words, and no sign stands for it.
 */
export function describeVerdict(v: Omit<VerdictEvent, "atUs">): string {
  const facts = [
    v.processed === null
      ? "how many messages were processed is not known"
      : `${formatAmount(v.processed, "message")}${v.rounds > 1 ? ` of all ${formatCount(v.rounds)} rounds` : ""} processed`,
    ...(v.notCounted === null || v.notCounted === 0 ? [] : [`${formatAmount(v.notCounted, "offset")} not counted`]),
    ...(v.lost === null ? [] : [`${formatCount(v.lost)} lost`]),
    ...(v.duplicated === null ? [] : [`${formatCount(v.duplicated)} duplicated`]),
    ...(v.endToEndPerSecond === null ? [] : [formatRate(v.endToEndPerSecond)]),
    describeChecks(v.checks),
  ];
  return `${v.verdict.toUpperCase()}${v.exitCode === 0 ? "" : ` (exit ${v.exitCode})`}: ${facts.join(", ")}`;
}

function describeChecks({ passed, failed, unknown, notApplicable }: VerdictEvent["checks"]): string {
  if (passed + failed + unknown === 0) return "nothing was checked";
  const open = unknown === 0 ? "" : `${unknown} unknown, `;
  return `checks ${passed} passed, ${failed} failed, ${open}${notApplicable} not applicable`;
}

/** `reading the topic again: 4,000,000 of 10,000,000 offsets (40%)`. */
export function describeValidation({ step, done, total }: Pick<ValidationEvent, "step" | "done" | "total">): string {
  if (total === null) return step;
  const share = total === 0 ? 100 : Math.floor((100 * done) / total);
  return `${step}: ${formatCount(done)} of ${formatAmount(total, "offset")} (${share}%)`;
}

type MakeLine = (source: string, text: string, level?: EventLine["level"]) => EventLine;

function describeResource(event: ResourceEvent, before: EventContext, line: MakeLine): EventLine | undefined {
  const previous = before.resources.find((resource) => resource.name === event.name);
  if (previous !== undefined && isSameState(previous, event)) return undefined;
  const level = resourceLevel(event, previous, before.phase);
  if (level === "info" && event.kind === "taskmanager") return describeTaskManagers(event, before, line);
  // Declared and not yet begun is no news.
  if (event.state === "notStarted") return undefined;
  return line(event.name, describeState(event), level);
}

const isSameState = (a: ResourceEvent, b: ResourceEvent): boolean =>
  a.state === b.state && a.health === b.health && a.restarts === b.restarts && a.reason === b.reason;

/** `running, unhealthy, restarts 2, 127.0.0.1:9092 (exit code 1)`. */
function describeState(event: ResourceEvent): string {
  const parts: string[] = [event.state];
  if (event.state === "running" && event.health !== "unknown") parts.push(event.health);
  if (event.restarts > 0) parts.push(`restarts ${event.restarts}`);
  if (event.state === "running" && event.endpoint !== null) parts.push(event.endpoint);
  return `${parts.join(", ")}${event.reason === "" ? "" : ` (${event.reason})`}`;
}

/** How much attention a resource wants: it is the dashboard's mark too. */
export function resourceLevel(
  event: ResourceEvent,
  previous: ResourceEvent | undefined,
  phase: RunPhase,
): EventLine["level"] {
  if (event.state === "failedToStart") return "error";
  const isEnding = phase === "stopping" || phase === "ended";
  if (event.state === "exited") return isEnding ? "info" : exitLevel(event);
  if ((event.health === "unhealthy" || event.reason === PAUSED_BY_USER) && !isEnding) return "warn";
  const isStartedByUser = previous?.reason === STOPPED_BY_USER;
  return event.restarts > (previous?.restarts ?? 0) && !isStartedByUser ? "warn" : "info";
}

/** What somebody stopped or killed is no failure, but it is missing. */
function exitLevel({ reason }: ResourceEvent): EventLine["level"] {
  if (reason === STOPPED_BY_USER || reason.startsWith(KILLED_BY_USER)) return "warn";
  return reason === STOPPED ? "info" : "error";
}

function describeTaskManagers(event: ResourceEvent, before: EventContext, line: MakeLine): EventLine | undefined {
  const others = before.resources.filter((r) => r.kind === "taskmanager" && r.name !== event.name);
  const running = others.filter((r) => r.state === "running").length + (event.state === "running" ? 1 : 0);
  const known = others.length + 1;
  if (event.state !== "running" || running < known) return undefined;
  return line("taskmanagers", `${running} of ${known} running`);
}
