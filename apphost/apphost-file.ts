/** Loads a user's file (`--apphost`), and says of one that cannot be loaded what is wrong with it, and where. */
import { existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createError, describeError } from "../simulator/common/foundation/errors.ts";
import { type DeclaredApplication, declareApplication } from "./model/builder.ts";
import { type AppHostDefinition, isAppHostDefinition } from "./model/definition.ts";

/** The application that the file declares, not yet checked. Scripts are looked for from the file's own folder. */
export async function loadAppHostFile(file: string): Promise<DeclaredApplication> {
  const path = resolve(file);
  if (!existsSync(path)) throw refuse(file, `there is no such file (${path})`);
  if (!statSync(path).isFile()) throw refuse(file, "it is not a file");
  const definition = await importDefinition(file, path);
  try {
    return declareApplication(definition, dirname(path));
  } catch (error) {
    throw refuse(file, `the function given to defineAppHost threw${describePlace(error)}`, error);
  }
}

async function importDefinition(file: string, path: string): Promise<AppHostDefinition> {
  let loaded: { readonly default?: unknown };
  try {
    loaded = (await import(pathToFileURL(path).href)) as { default?: unknown };
  } catch (error) {
    throw refuse(file, describeLoadError(error), error);
  }
  if (isAppHostDefinition(loaded.default)) return loaded.default;
  const found = "default" in loaded ? "its default export is something else" : "it has no default export";
  throw refuse(file, `${found}: write "export default defineAppHost((app) => { … })"`);
}

/** Completes a sentence that goes on with the error's own words. */
function describeLoadError(error: unknown): string {
  const place = describePlace(error);
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") {
    return `Node only strips types, and this needs more than that${place}; use plain constants instead of enums, and no namespaces or parameter properties`;
  }
  if (code === "ERR_MODULE_NOT_FOUND") return "it imports something that is not there";
  if (!(error instanceof SyntaxError)) return `it threw while it was loaded${place}`;
  const isCommonJs = /outside a module|Unexpected token 'export'/.test(error.message);
  const advice = isCommonJs ? ', which Node took for CommonJS: add "type": "module" to its package.json' : "";
  return `its syntax is not valid${place}${advice}`;
}

/** ` at apphost.ts:12`: the first place in the error's stack that is not Node's. */
function describePlace(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const match = /(file:\/\/[^\s()]+?|\/[^\s():]+):(\d+)(?::\d+)?(?=[\s)]|$)/.exec(stack);
  if (match === null) return "";
  const [, where = "", line] = match;
  return ` at ${where.startsWith("file:") ? fileURLToPath(where) : where}:${line}`;
}

const refuse = (file: string, reason: string, cause?: unknown) =>
  createError(
    "APPHOST_NOT_LOADED",
    { file, reason: cause === undefined ? reason : `${reason}: ${describeError(cause)}` },
    cause,
  );
