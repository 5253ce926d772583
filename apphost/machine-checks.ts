/** What of a declared application the machine must be asked, before anything is started. */
import { statSync } from "node:fs";
import { describeError } from "../simulator/common/foundation/errors.ts";
import type { DeclaredResource } from "./model/builder.ts";
import { type FixedPort, listFixedPorts } from "./model/checks.ts";
import { expectFreePort } from "./processes/fixed-port.ts";

/** Problems, in words. */
export async function askMachine(declared: readonly DeclaredResource[]): Promise<string[]> {
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
