/**
 * Stops what runs, dependents first: producer → FlinkJobSimulator → TaskManagers → JobManager → Kafka and Redis. Each
 * step ends when its process groups are gone; a group that stays after SIGKILL is an error naming it.
 */
import { describeError } from "../../simulator/common/foundation/errors.ts";
import type { Application } from "../model/application.ts";
import type { Supervisor } from "./restart.ts";

/** How long an orderly end may take before SIGKILL. */
export const STOP_BUDGET_MS = 10_000;

/** Returns what could not be stopped, in words. */
export async function stopInReverse(
  application: Application,
  supervisors: ReadonlyMap<string, Supervisor>,
): Promise<string[]> {
  const problems: string[] = [];
  for (const names of stopSteps(application)) {
    await Promise.all(
      names.map(async (name) => {
        try {
          await supervisors.get(name)?.stop(STOP_BUDGET_MS);
        } catch (error) {
          problems.push(`${name}: ${describeError(error)}`);
        }
      }),
    );
  }
  return problems;
}

/** The start order backwards; members of a group, and the servers, end together. */
export function stopSteps(application: Application): string[][] {
  const steps: string[][] = [];
  let stepKey = "";
  for (const { name, group, waitsFor } of [...application.order].reverse()) {
    const key = waitsFor.length === 0 ? "servers" : (group ?? name);
    if (key === stepKey) steps.at(-1)?.push(name);
    else steps.push([name]);
    stepKey = key;
  }
  return steps;
}
