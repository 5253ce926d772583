/** The user's own programs of a run: what they and those who refer to them are told, and the milestones they reach. */
import { present } from "../../simulator/common/foundation/assert.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import type { Application } from "../model/application.ts";
import { endpointVariables } from "../model/connection.ts";
import type { NodeProcessDeclaration, ResourceDeclaration, WaitsFor } from "../model/resource.ts";
import type { ResourcePlan } from "../processes/resource-plan.ts";
import type { Supervisor } from "../processes/supervisor.ts";
import type { RunContext } from "../run/run-context.ts";
import { type NodeProcess, planNodeProcess } from "./node-process.ts";

const MILESTONE_MS_MAX = 120_000;

export interface NodeProcesses {
  plan(declaration: ResourceDeclaration, process: NodeProcessDeclaration): ResourcePlan;
  /** By which others reach a program, or a group of them, that was started before. */
  variablesOf(nameOrGroup: string): Record<string, string>;
  /** Of all of them. */
  variables(): Record<string, string>;
  /** Settles when "healthy" or "finished" is reached. Each who waits has a deadline of its own. */
  reach(wait: WaitsFor, supervisors: ReadonlyMap<string, Supervisor>): Promise<void>;
}

export function createNodeProcesses(options: {
  readonly run: RunContext;
  readonly application: Application;
  /** Of any resource; a program may refer to the servers, and to other programs. */
  readonly variablesOf: (resource: string) => Readonly<Record<string, string>>;
}): NodeProcesses {
  const { run, application } = options;
  const started = new Map<string, NodeProcess>();
  const variablesOf = (nameOrGroup: string): Record<string, string> => {
    const members = application.members(nameOrGroup);
    const endpoints = members[0]?.process?.endpoints ?? [];
    const variables = endpoints.map(({ name }) => {
      const ports = members.flatMap((member) => started.get(member.name)?.ports()?.get(name) ?? []);
      return endpointVariables(nameOrGroup, name, ports);
    });
    return Object.assign({}, ...variables);
  };
  return {
    plan(declaration, process) {
      const nodeProcess = planNodeProcess({ declaration, process, run, variablesOf: options.variablesOf });
      started.set(declaration.name, nodeProcess);
      return nodeProcess.plan;
    },
    variablesOf,
    variables() {
      const own = application.order.filter(({ process }) => process !== undefined);
      const names = new Set(own.map(({ name, group }) => group ?? name));
      return Object.assign({}, ...[...names].map(variablesOf));
    },
    async reach({ on, until, deadlineMs = MILESTONE_MS_MAX }, supervisors) {
      const what = `${on} ${until}`;
      run.feed.emit({ type: "waiting", for: what, waitedMs: 0, deadlineMs });
      const all = application.members(on).map(({ name }) => present(supervisors.get(name), name));
      // One that finished will never be healthy again, and nobody needs to wait to learn that.
      const isDecided = ({ snapshot }: Supervisor) =>
        snapshot.state === "finished" || (until === "healthy" && snapshot.health === "healthy");
      const look = () => (all.every(isDecided) ? true : undefined);
      const reached = waitUntil(look, { what, deadlineMs, signal: run.ending.signal });
      await run.tellWait({ what, deadlineMs }, reached);
      const finished = all.find(({ snapshot }) => snapshot.state === "finished");
      if (until === "finished" || finished === undefined) return;
      const how = "with success while others waited for its health";
      throw createError("CHILD_EXITED", { resource: finished.snapshot.name, how, lastLines: "" });
    },
  };
}
