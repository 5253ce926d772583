/**
 * Reads a user's file in a thread of its own: imports it, runs the function that it gives to defineAppHost, and posts what
 * that declared, as data, or why it cannot be used. The file may exit, loop or wait for ever; `apphost-file.ts`, which
 * starts this thread, waits only so long and goes on living.
 */
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import { present } from "../../simulator/common/foundation/assert.ts";
import { describeError } from "../../simulator/common/foundation/errors.ts";
import { type DeclaredApplication, declareApplication } from "../model/builder.ts";
import { isAppHostDefinition } from "../model/definition.ts";
import { describeLoadError, describePlace } from "./load-error.ts";

export type AppHostReading =
  | { readonly kind: "declared"; readonly application: DeclaredApplication }
  | { readonly kind: "refused"; readonly reason: string };

const port = present(parentPort, "the port of the thread that reads an app host file");
const reading = await readFile(workerData as string);
try {
  port.postMessage(reading);
} catch (error) {
  port.postMessage({ kind: "refused", reason: `it declares what is no data: ${describeError(error)}` });
}

/** Scripts are looked for from the file's own folder. */
async function readFile(path: string): Promise<AppHostReading> {
  const refuse = (reason: string, error?: unknown): AppHostReading => ({
    kind: "refused",
    reason: error === undefined ? reason : `${reason}: ${describeError(error)}`,
  });
  let loaded: { readonly default?: unknown };
  try {
    loaded = (await import(pathToFileURL(path).href)) as { default?: unknown };
  } catch (error) {
    return refuse(describeLoadError(error), error);
  }
  if (!isAppHostDefinition(loaded.default)) {
    const found = "default" in loaded ? "its default export is something else" : "it has no default export";
    return refuse(`${found}: write "export default defineAppHost((app) => { … })"`);
  }
  try {
    return { kind: "declared", application: declareApplication(loaded.default, dirname(path)) };
  } catch (error) {
    return refuse(`the function given to defineAppHost threw${describePlace(error)}`, error);
  }
}
