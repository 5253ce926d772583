/**
 * What can be wrong with a declared application, all of it at once, before anything is started. Pure: what the machine
 * must be asked (does a script exist, is a port free) is asked in `preparation.ts`.
 */

import { MIRROR, SQL_GATEWAY, WARM_UP_PRODUCER, WARM_UP_READER } from "../../simulator/common/contract/names.ts";
import { isReplicaCount } from "./application.ts";
import type { DeclaredResource } from "./builder.ts";
import type { NodeProcessDeclaration, ResourceDeclaration } from "./resource.ts";

const NAME_FORM = /^[a-z][a-z0-9-]{0,63}$/;
const VARIABLE_FORM = /^[A-Za-z_][A-Za-z0-9_]*$/;
const OWN_VARIABLE = /^FLINK_APPHOST_/;
/** Names of logs and samples, and of what an option adds. */
const RESERVED_NAMES: readonly string[] = [
  "host",
  "watchdog",
  "kafka-ui",
  MIRROR,
  SQL_GATEWAY,
  WARM_UP_PRODUCER,
  WARM_UP_READER,
];
/** `scale` may need any of them later. */
const TASK_MANAGER_NAME = /^taskmanager-\d+$/;
const RESTARTS_MAX = 10;
const DAY_MS = 86_400_000;

/** `builtIn`: the application without a user's file. What it has and what it waits for, each application must have. */
export function findProblems(
  declared: readonly DeclaredResource[],
  expanded: readonly ResourceDeclaration[],
  builtIn: readonly DeclaredResource[],
): string[] {
  return [
    ...findNameProblems(expanded),
    ...findBuiltInProblems(declared, builtIn),
    ...declared.flatMap(findReplicaProblems),
    ...findWaitProblems(declared),
    ...findCycles(declared),
    ...declared.flatMap(({ name, process }) => (process === null ? [] : findProcessProblems(name, process))),
    ...findPortProblems(declared),
  ];
}

/** A1. */
function findNameProblems(resources: readonly ResourceDeclaration[]): string[] {
  const problems: string[] = [];
  const groups = new Set(resources.flatMap(({ group }) => (group === null ? [] : [group])));
  const names = resources.map(({ name }) => name);
  for (const text of new Set([...groups, ...names])) {
    if (!NAME_FORM.test(text)) {
      problems.push(
        `"${text}" is no name for a resource: use a lower-case letter, then letters, digits and -, at most 64`,
      );
    }
    const isTaskManager = resources.some(({ name, kind }) => name === text && kind === "taskmanager");
    if (RESERVED_NAMES.includes(text) || (TASK_MANAGER_NAME.test(text) && !isTaskManager)) {
      problems.push(`the name ${text} is taken: choose another one`);
    }
    const uses = names.filter((name) => name === text).length + (groups.has(text) ? 1 : 0);
    if (uses > 1) problems.push(`two resources are named ${text}: a name is one resource's own`);
  }
  return problems;
}

/** Leaving one out is said; a second one has a name twice, or another one. */
function findBuiltInProblems(declared: readonly DeclaredResource[], builtIn: readonly DeclaredResource[]): string[] {
  return builtIn.flatMap((model) => {
    const found = declared.filter(({ kind }) => kind === model.kind);
    if (found.length === 0)
      return [`there is no ${model.name}: each application needs one, or its verdict proves nothing`];
    const misnamed = found.filter(({ name }) => name !== model.name);
    const named = found.find(({ name }) => name === model.name);
    return [
      ...misnamed.map(({ name }) => `${name} cannot be a ${model.kind}: there is one, and it is named ${model.name}`),
      ...model.waitsFor
        .filter((wait) => named?.waitsFor.some(({ on, until }) => on === wait.on && until === wait.until) === false)
        .map(({ on, until }) => `${model.name} must wait for ${on} "${until}", as it cannot work before that`),
    ];
  });
}

function findReplicaProblems({ name, replicas }: DeclaredResource): string[] {
  return isReplicaCount(replicas) ? [] : [`${name} has ${replicas} replicas: expected a whole number from 1 to 64`];
}

function findWaitProblems(declared: readonly DeclaredResource[]): string[] {
  return declared.flatMap(({ name, life, waitsFor }) =>
    waitsFor.flatMap(({ on, until, deadlineMs }) => {
      const what = `${name} waits for ${on}`;
      const target = declared.find((one) => one.name === on);
      if (target === undefined) return [`${what}, and no resource or group has that name`];
      if (deadlineMs !== undefined && !isDuration(deadlineMs)) {
        return [`${what} at most ${deadlineMs} ms: expected 1 to ${DAY_MS}`];
      }
      if (until === "finished" && target.process?.restart.policy === "always") {
        return [`${what} "finished", which always starts again: give it the policy "onFailure"`];
      }
      const isRounds = until === "produced" || until === "drained" || target.life === "task";
      return life === "standing" && isRounds
        ? [`${what} "${until}", which is reached in a round, and rounds begin when all that stands is ready`]
        : [];
    }),
  );
}

/** A2. Each wait that closes a cycle is one problem. */
function findCycles(declared: readonly DeclaredResource[]): string[] {
  const problems = new Set<string>();
  const done = new Set<string>();
  const visit = (name: string, open: readonly string[]): void => {
    const at = open.indexOf(name);
    if (at >= 0) problems.add(describeCycle([...open.slice(at), name]));
    if (at >= 0 || done.has(name)) return;
    const waits = declared.filter((one) => one.name === name).flatMap(({ waitsFor }) => waitsFor);
    for (const { on } of waits) visit(on, [...open, name]);
    done.add(name);
  };
  for (const { name } of declared) visit(name, []);
  return [...problems];
}

const describeCycle = (names: readonly string[]): string =>
  names.length === 2
    ? `${names[0]} waits for itself`
    : `the waits go in a circle: ${names.join(" → ")} (a reference waits, too): remove one of these waits`;

type Process = Omit<NodeProcessDeclaration, "replica">;

function findProcessProblems(
  name: string,
  { endpoints, healthCheck, environment, restart, script }: Process,
): string[] {
  const variables = [...Object.keys(environment), ...endpoints.map(({ env }) => env)];
  const problems: string[] = [];
  if (script === "") problems.push(`${name} has no script`);
  for (const [index, endpoint] of endpoints.entries()) {
    if (!NAME_FORM.test(endpoint.name))
      problems.push(`${name} has an endpoint "${endpoint.name}": use a name like http`);
    if (endpoints.findIndex((other) => other.name === endpoint.name) < index) {
      problems.push(`${name} has two endpoints named ${endpoint.name}`);
    }
  }
  for (const [index, variable] of variables.entries()) {
    if (!VARIABLE_FORM.test(variable)) problems.push(`${name} is given "${variable}", which is no name of a variable`);
    if (OWN_VARIABLE.test(variable)) problems.push(`${name} is given ${variable}: names like this are the host's own`);
    if (variables.indexOf(variable) < index) problems.push(`${name} is given ${variable} twice`);
  }
  if (!Number.isInteger(restart.max) || restart.max < 0 || restart.max > RESTARTS_MAX) {
    problems.push(
      `${name} is restarted at most ${restart.max} times: expected a whole number from 0 to ${RESTARTS_MAX}`,
    );
  }
  return [...problems, ...(healthCheck === null ? [] : findHealthCheckProblems(name, healthCheck, endpoints))];
}

function findHealthCheckProblems(
  name: string,
  { path, endpoint, deadlineMs, intervalMs }: NonNullable<Process["healthCheck"]>,
  endpoints: Process["endpoints"],
): string[] {
  const problems: string[] = [];
  if (endpoints.length === 0) problems.push(`${name} has a health check and no endpoint that it could be asked at`);
  else if (!endpoints.some((one) => one.name === endpoint)) {
    problems.push(`${name} has its health check at endpoint "${endpoint}", which it does not have`);
  }
  if (!path.startsWith("/")) problems.push(`${name} has its health check at "${path}": expected a path like /health`);
  for (const [what, valueMs] of [["deadline", deadlineMs] as const, ["interval", intervalMs] as const]) {
    if (!isDuration(valueMs))
      problems.push(`${name} has a health check with a ${what} of ${valueMs} ms: expected 1 to ${DAY_MS}`);
  }
  return problems;
}

const isDuration = (valueMs: number): boolean => Number.isInteger(valueMs) && valueMs >= 1 && valueMs <= DAY_MS;

export interface FixedPort {
  readonly port: number;
  /** `api's endpoint http` */
  readonly usedBy: string;
}

export const listFixedPorts = (declared: readonly DeclaredResource[]): FixedPort[] =>
  declared.flatMap(({ name, process }) =>
    (process?.endpoints ?? []).flatMap((endpoint) =>
      endpoint.port === null ? [] : [{ port: endpoint.port, usedBy: `${name}'s endpoint ${endpoint.name}` }],
    ),
  );

/** Whether a fixed port is free is the machine's to say. */
function findPortProblems(declared: readonly DeclaredResource[]): string[] {
  const ports = listFixedPorts(declared);
  const replicated = declared.filter(({ replicas }) => replicas > 1);
  return [
    ...ports.flatMap(({ port, usedBy }, index) => {
      if (!Number.isInteger(port) || port < 1 || port > 65_535)
        return [`${usedBy} has port ${port}: expected 1 to 65535`];
      const other = ports.slice(0, index).find((one) => one.port === port);
      return other === undefined ? [] : [`${other.usedBy} and ${usedBy} both have port ${port}`];
    }),
    ...listFixedPorts(replicated).map(
      ({ port, usedBy }) => `${usedBy} has port ${port} and several replicas, of which only one could have it`,
    ),
  ];
}
