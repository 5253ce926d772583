/**
 * The whole examination: every check for a run with these options, what `auto` would choose, and the exit code.
 *
 * E1 The code is 0 only when no check failed; 3 when something failed without which an infrastructure that was asked for
 *    cannot work; else 1. Warnings do not change it.
 */
import { readFile } from "node:fs/promises";
import { EXIT } from "../exit-code.ts";
import type { HostOptions, Variables } from "../options.ts";
import { readPackage } from "../package-version.ts";
import { type Check, type CheckPlan, runChecks } from "./check.ts";
import { findEngineFolder, planEngineChecks } from "./engine.ts";
import { planEvidenceCheck } from "./evidence.ts";
import { planFlinkChecks } from "./flink.ts";
import { planFolderChecks } from "./folders.ts";
import { planLeftoverCheck } from "./leftovers.ts";
import { createLookups, type Prospects } from "./lookups.ts";
import { planMachineChecks } from "./machine.ts";
import { planMemoryChecks } from "./memory.ts";
import { planPortChecks } from "./ports.ts";
import { planProgramChecks } from "./programs.ts";
import { planServerChecks } from "./servers.ts";
import { planTerminalCheck, type TerminalFacts } from "./terminal.ts";
import { planVariableChecks, type VariableProblem } from "./variables.ts";

/** `doctor --format json`. */
export interface Examination {
  readonly schema: 1;
  readonly exitCode: number;
  readonly checks: readonly Check[];
  /** What `auto` would choose, whatever was asked for. */
  readonly auto: Prospects;
}

export interface ExaminationRequest {
  readonly options: HostOptions;
  readonly env: Variables;
  readonly problems: readonly VariableProblem[];
  readonly terminal: TerminalFacts;
}

export async function examine(request: ExaminationRequest): Promise<Examination> {
  const { options, env } = request;
  const lookups = createLookups(options, env);
  const { taskManagers, fixedPorts } = options;
  const externals = (["kafka", "redis"] as const).filter((kind) => options[kind] !== null);
  const plans: CheckPlan[] = [
    ...planMachineChecks({ taskManagers, nodeMin: readPackage().engines.node, readText }),
    ...planMemoryChecks({ options, modes: lookups.modes, readText }),
    ...planFolderChecks({
      options,
      modes: lookups.modes,
      engineFolder: async () => findEngineFolder(await lookups.engine()),
    }),
    ...planEngineChecks(options, lookups),
    ...planProgramChecks(options, env),
    ...planFlinkChecks(options, env, lookups),
    ...planServerChecks(options),
    ...planPortChecks({ fixedPorts, externals }),
    ...planVariableChecks(env, request.problems),
    planTerminalCheck(request.terminal, env),
    planLeftoverCheck(options.runDir, lookups.engine),
    planEvidenceCheck(options.runDir),
  ];
  const [checks, auto] = await Promise.all([runChecks(plans), lookups.prospects()]);
  return { schema: 1, exitCode: chooseExitCode(checks, plans), checks, auto };
}

export function chooseExitCode(
  checks: readonly Pick<Check, "id" | "result">[],
  plans: readonly Pick<CheckPlan, "id" | "isAskedInfrastructure">[],
): number {
  const failedIds = checks.filter(({ result }) => result === "failed").map(({ id }) => id);
  if (failedIds.length === 0) return EXIT.passed;
  const isInfrastructure = plans.some(
    ({ id, isAskedInfrastructure }) => isAskedInfrastructure && failedIds.includes(id),
  );
  return isInfrastructure ? EXIT.infrastructure : EXIT.unexpected;
}

/** What this system does not have tells nothing, and is no fault. */
const readText = (path: string): Promise<string | undefined> => readFile(path, "utf8").catch(() => undefined);
