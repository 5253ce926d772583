/**
 * Stops what runs, dependents first: producer → FlinkJobSimulator → TaskManagers → JobManager → Kafka and Redis. Each
 * step ends when its process groups are gone; a group that stays after SIGKILL is an error naming it.
 *
 * Z1 Whoever waits for the end is told who has not ended yet, at once and then each second.
 */
import type { HostEventBody } from "../../simulator/common/contract/events.ts";
import { describeError } from "../../simulator/common/foundation/errors.ts";
import type { Application } from "../model/application.ts";
import type { Supervisor } from "../processes/supervisor.ts";

/** How long an orderly end may take before SIGKILL. */
export const STOP_BUDGET_MS = 10_000;

const TELL_INTERVAL_MS = 1_000;

type Stopping = Extract<HostEventBody, { type: "stopping" }>;
export type TellStopping = (event: Stopping) => void;

/** Returns what could not be stopped, in words. */
export async function stopInReverse(
  application: Application,
  supervisors: ReadonlyMap<string, Supervisor>,
  tell: TellStopping,
): Promise<string[]> {
  const problems: string[] = [];
  for (const names of stopSteps(application)) {
    const step = names.flatMap((name) => supervisors.get(name) ?? []);
    problems.push(...(await stopTogether(step, STOP_BUDGET_MS, tell)));
  }
  return problems;
}

/** One step. */
export async function stopTogether(
  step: readonly Supervisor[],
  budgetMs: number,
  tell: TellStopping,
): Promise<string[]> {
  const problems: string[] = [];
  const startedMs = performance.now();
  const stopped = step.map(async (supervisor) => {
    try {
      await supervisor.stop(budgetMs);
    } catch (error) {
      problems.push(`${supervisor.snapshot.name}: ${describeError(error)}`);
    }
  });
  const show = () => {
    const left = step.filter(({ snapshot }) => snapshot.state === "stopping");
    if (left.length === 0) return;
    const names = left.map(({ snapshot }) => snapshot.name).sort();
    tell({ type: "stopping", names, waitedMs: Math.round(performance.now() - startedMs), budgetMs });
  };
  show();
  const timer = setInterval(show, TELL_INTERVAL_MS);
  try {
    await Promise.all(stopped);
  } finally {
    clearInterval(timer);
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
