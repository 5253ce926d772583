/**
 * From what the user gave (a file or a definition, the command line, the environment) to what a run needs: options, and a
 * checked application. Option > environment > file > default.
 *
 * Y1 Every problem of a declaration is told at once, in one error, and nothing was started by then.
 */
import { statSync } from "node:fs";
import { present } from "../simulator/common/foundation/assert.ts";
import { type AppError, createError, describeError } from "../simulator/common/foundation/errors.ts";
import { builtInApplication, runOnFlink } from "./app-model.ts";
import { type Application, createApplication, expandReplicas } from "./model/application.ts";
import type { DeclaredApplication, DeclaredResource, Setting } from "./model/builder.ts";
import { type FixedPort, findProblems, listFixedPorts } from "./model/checks.ts";
import { resolveOptions } from "./option-resolution.ts";
import { type GivenOptions, type HostOptions, OPTION_TABLE, type Variables, type Verb } from "./options.ts";
import { expectFreePort, FIXED_PORTS } from "./processes/ports.ts";
import { readUserJob } from "./user-job/user-job.ts";

export interface PreparedRun {
  readonly options: HostOptions;
  readonly application: Application;
}

export interface Given {
  readonly verb: Verb;
  readonly options: GivenOptions;
  readonly env: Variables;
  /** What is wrong with the command line beside the values of its options. @default none */
  readonly problems?: readonly AppError[];
}

/** Without a file there is nothing that could be wrong with the application. */
export function prepareBuiltIn(given: Given): PreparedRun {
  const options = resolveOptions(given.verb, given.options, given.env, {}, given.problems);
  return prepareEngine(options, createApplication(expandReplicas(builtInApplication.resources, options)));
}

/** `source`: how messages name what was declared. */
export async function prepareDeclared(
  declared: DeclaredApplication,
  source: string,
  given: Given,
): Promise<PreparedRun> {
  const settings = readSettings(declared.settings);
  const options = resolveOptions(given.verb, given.options, given.env, settings.values, given.problems);
  const expanded = expandReplicas(declared.resources, options);
  const problems = [
    ...declared.problems,
    ...settings.problems,
    ...findProblems(declared.resources, expanded, builtInApplication.resources),
    ...findFixedPortClashes(declared, options),
    ...(await askMachine(declared.resources)),
  ];
  if (problems.length > 0) throw createError("APPHOST_INVALID", { source, problems });
  return prepareEngine(options, createApplication(expanded));
}

/** A job of the user's is read to know that it can be used; it is read for use when the run begins. */
function prepareEngine(options: HostOptions, application: Application): PreparedRun {
  if (options.engine !== "flink") return { options, application };
  const job = readUserJob(options) === null ? "built-in" : "of the user";
  return { options, application: runOnFlink(application, { job, isExternal: options.flink !== null }) };
}

/** A file's values are held to the same forms as those of the command line. */
function readSettings(settings: readonly Setting[]): { values: Partial<HostOptions>; problems: string[] } {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const { source, option, value } of settings) {
    const { form } = present(OPTION_TABLE[option as keyof HostOptions], `option ${option}`);
    const read = form.read(value);
    if (read === undefined) problems.push(`${source} is "${value}": expected ${form.expected}`);
    else values[option] = read;
  }
  return { values, problems };
}

function findFixedPortClashes(declared: DeclaredApplication, { fixedPorts }: HostOptions): string[] {
  if (!fixedPorts) return [];
  return listFixedPorts(declared.resources).flatMap(({ port, usedBy }) => {
    const [owner] = Object.entries(FIXED_PORTS).find(([, fixed]) => fixed === port) ?? [];
    return owner === undefined ? [] : [`${usedBy} has port ${port}, which --fixed-ports gives to ${owner}`];
  });
}

/** What of it the machine must be asked. Problems, in words. */
async function askMachine(declared: readonly DeclaredResource[]): Promise<string[]> {
  const scripts = declared.flatMap(({ name, process }) => {
    if (process === null || process.script === "") return [];
    const file = statSync(process.script, { throwIfNoEntry: false });
    return file?.isFile() === true ? [] : [`${name}'s script ${process.script} is not there`];
  });
  const ports = await Promise.all(listFixedPorts(declared).map(findPortProblem));
  return [...scripts, ...ports.flat()];
}

async function findPortProblem({ port, usedBy }: FixedPort): Promise<string[]> {
  // One out of range is a problem of its own.
  if (!(port >= 1 && port <= 65_535)) return [];
  try {
    await expectFreePort(port, usedBy);
    return [];
  } catch (error) {
    const cause = error instanceof Error ? error.cause : error;
    return [`${usedBy} has port ${port}, which is not free: ${describeError(cause)}`];
  }
}
