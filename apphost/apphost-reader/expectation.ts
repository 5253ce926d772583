/** Reads a user's expectation (`--expect`) in a thread of its own, and posts whether it can be used. */
import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import { refuseExpectation } from "../../simulator/common/contract/expectation.ts";
import { present } from "../../simulator/common/foundation/assert.ts";
import { describeError } from "../../simulator/common/foundation/errors.ts";
import { describeLoadError } from "./load-error.ts";

export type ExpectationReading = { readonly kind: "usable" } | { readonly kind: "refused"; readonly reason: string };

present(parentPort, "the port of the thread that reads an expectation").postMessage(
  await readFile(workerData as string),
);

async function readFile(path: string): Promise<ExpectationReading> {
  try {
    const loaded = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
    const refusal = refuseExpectation(loaded.default);
    return refusal === null ? { kind: "usable" } : { kind: "refused", reason: `it ${refusal}` };
  } catch (error) {
    return { kind: "refused", reason: `${describeLoadError(error)}: ${describeError(error)}` };
  }
}
