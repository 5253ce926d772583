/** What is wrong with a user's file that cannot be loaded, and where. Pure. */
import { fileURLToPath } from "node:url";

/** Completes a sentence that goes on with the error's own words. */
export function describeLoadError(error: unknown): string {
  const place = describePlace(error);
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") {
    return `Node only strips types, and this needs more than that${place}; use plain constants instead of enums, and no namespaces or parameter properties`;
  }
  if (code === "ERR_MODULE_NOT_FOUND") return "it imports something that is not there";
  if (!(error instanceof SyntaxError)) return `it threw while it was loaded${place}`;
  const isCommonJs = /outside a module|Unexpected token 'export'/.test(error.message);
  const advice = isCommonJs
    ? ', which Node took for CommonJS: add "type": "module" to its package.json, or call it .mts'
    : "";
  return `its syntax is not valid${place}${advice}`;
}

/** ` at apphost.ts:12`: the first place in the error's stack that is not Node's. */
export function describePlace(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const match = /(file:\/\/[^\s()]+?|\/[^\s():]+):(\d+)(?::\d+)?(?=[\s)]|$)/.exec(stack);
  if (match === null) return "";
  const [, where = "", line] = match;
  return ` at ${where.startsWith("file:") ? fileURLToPath(where) : where}:${line}`;
}
