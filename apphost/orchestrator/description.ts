/** What the host says of its resources to other terminals, as items of `model/description.ts`. */
import { constants } from "node:os";
import type { ResourceKind } from "../../simulator/common/contract/events.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { formatRedisAddress } from "../../simulator/common/foundation/address.ts";
import { unreachable } from "../../simulator/common/foundation/assert.ts";
import { listSecretForms } from "../../simulator/common/foundation/mask.ts";
import type { ResourceAction } from "../control/protocol.ts";
import type { Connections } from "../model/connection.ts";
import {
  type HealthReport,
  maskVariables,
  type ResourceDescription,
  type ResourceProperties,
} from "../model/description.ts";
import { createResource, type ResourceDeclaration, type ResourceSnapshot } from "../model/resource.ts";
import type { ChildExit } from "../processes/child-process.ts";
import type { Supervisor } from "../processes/supervisor.ts";
import { createForeignEnvironment, describeProgramVariables } from "../resources/own-program.ts";
import type { RunContext } from "../run/run-context.ts";
import type { System } from "./system.ts";

/** Requests that concern one resource. A task of a round starts and ends with it, and has a process all the same. */
const LIFE_COMMANDS: readonly ResourceAction[] = ["start", "stop", "restart"];
const PROCESS_COMMANDS: readonly ResourceAction[] = ["kill", "pause", "resume"];

/** All resources of the model, sorted by name: a task that was not started yet is one, too. */
export function describeResources(run: RunContext, system: System, showSecrets: boolean): ResourceDescription[] {
  const connections = readConnections(system);
  const secrets = showSecrets
    ? []
    : [run.token, ...(connections === null ? [] : listSecretForms(formatRedisAddress(connections.redis)))];
  return [...system.application.order]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((declaration) => describeResource({ run, system, connections, secrets }, declaration));
}

/** Null before both servers were launched. */
function readConnections(system: System): Connections | null {
  const { kafka, redis } = system.infrastructure;
  return kafka.endpoint === "" || redis.endpoint === "" ? null : system.connections();
}

interface Facts {
  readonly run: RunContext;
  readonly system: System;
  readonly connections: Connections | null;
  readonly secrets: readonly string[];
}

function describeResource(facts: Facts, declaration: ResourceDeclaration): ResourceDescription {
  const { run, system } = facts;
  const { name, kind, group, life } = declaration;
  const supervisor = system.supervisors.get(name);
  const snapshot = supervisor?.snapshot ?? createResource(declaration);
  const server = kind === "kafka" || kind === "redis" ? system.infrastructure[kind] : null;
  return {
    name,
    displayName: name,
    resourceType: kind,
    state: snapshot.state,
    healthStatus: snapshot.health,
    healthReports: reportHealth(run, snapshot),
    urls: listUrls(snapshot),
    environment: maskVariables(describeEnvironment(facts, snapshot), facts.secrets),
    properties: {
      pid: snapshot.pid,
      restarts: snapshot.restarts,
      reason: snapshot.reason,
      failure: supervisor?.failure?.message ?? null,
      group,
      life,
      logFile: runFolder.log(run.runDir, name),
      ...(kind === "taskmanager" ? describeShare(facts, name) : {}),
      ...(server === null ? {} : { mode: server.mode, version: server.version }),
    },
    exitCode: exitCodeOf(supervisor?.lastExit ?? null),
    startTimestamp: supervisor?.startedAt ?? null,
    relationships: declaration.waitsFor.map(({ on, until }) => ({ type: "waitFor", resourceName: on, until })),
    commands: listCommands(life, supervisor),
  };
}

/** Flink does not tell who has which partition, and tells more of what was done with them. */
function describeShare({ run, system }: Facts, name: string): Pick<ResourceProperties, "partitions" | "flink"> {
  if (system.flink === null) return { partitions: run.seen.job.assignment[name] ?? [] };
  return { flink: run.seen.flink?.taskManagers.find((one) => one.name === name)?.figures ?? null };
}

/** By its own word or its protocol's; and by the JobManager's, which knows whether a TaskManager is with it. */
function reportHealth(run: RunContext, snapshot: ResourceSnapshot): HealthReport[] {
  const reports: HealthReport[] = [{ name: "ready", status: snapshot.health, description: snapshot.reason }];
  if (snapshot.kind !== "taskmanager") return reports;
  const isRegistered = run.seen.job.registered.includes(snapshot.name);
  return [
    ...reports,
    {
      name: "registered",
      status: isRegistered ? "healthy" : "unknown",
      description: isRegistered ? "the JobManager has it" : "the JobManager does not have it",
    },
  ];
}

const SCHEMES: Partial<Record<ResourceKind, string>> = {
  kafka: "tcp",
  redis: "redis",
  jobmanager: "http",
  "kafka-ui": "http",
  "sql-gateway": "http",
  "node-process": "http",
};

function listUrls({ kind, endpoint }: ResourceSnapshot): ResourceDescription["urls"] {
  const scheme = SCHEMES[kind];
  if (endpoint === null || scheme === undefined) return [];
  return endpoint.split(",").map((address) => ({ name: scheme, url: `${scheme}://${address}` }));
}

function describeEnvironment({ run, system, connections }: Facts, snapshot: ResourceSnapshot): Record<string, string> {
  const { name, kind } = snapshot;
  const { config, infrastructure } = system;
  // What a user's own program is told is the user's; the page over Kafka lives in a container.
  if (kind === "node-process" || kind === "kafka-ui") return {};
  if (system.flink?.has(kind) === true) {
    const isTheirs = system.flink.isExternal && snapshot.pid === null;
    return isTheirs ? {} : createForeignEnvironment(run.mark, {});
  }
  if (kind !== "kafka" && kind !== "redis") return describeProgramVariables(name, { run, config, connections });
  switch (infrastructure[kind].mode) {
    case "embedded":
      return describeProgramVariables(name, { run, config, connections: null });
    case "native":
      return createForeignEnvironment(run.mark, {});
    case "docker":
    case "external":
      return {};
    default:
      return unreachable(infrastructure[kind].mode);
  }
}

function exitCodeOf(exit: ChildExit | null): number | null {
  if (exit === null || exit.kind === "notStarted" || exit.kind === "lost") return null;
  if (exit.kind === "exit") return exit.code;
  return 128 + (constants.signals[exit.signal as NodeJS.Signals] ?? 0);
}

function listCommands(life: "standing" | "task", supervisor: Supervisor | undefined): readonly ResourceAction[] {
  if (supervisor === undefined) return [];
  return life === "standing" ? [...LIFE_COMMANDS, ...PROCESS_COMMANDS] : PROCESS_COMMANDS;
}
