/**
 * Opens a page in the user's browser: by what $BROWSER names, else by the system's opener.
 *
 * O1 A program that still runs after TAKEN_MS has taken the page: browsers stay, and nobody waits for them to be closed.
 *    One that ended with 0 before has handed it on.
 * O2 What fails is passed over and named, and the next is tried. Nothing here fails a verb: the file is there.
 */
import { spawn } from "node:child_process";
import { pathToFileURL } from "node:url";

const TAKEN_MS = 3_000;
const PROGRAMS_MAX = 10;

export type Opening =
  | { readonly kind: "opened"; readonly by: string }
  /** Each with what became of it. */
  | { readonly kind: "failed"; readonly tried: readonly string[] };

interface Opener {
  readonly program: string;
  readonly args: readonly string[];
}

export async function openPage(path: string, env: Readonly<Record<string, string | undefined>>): Promise<Opening> {
  const tried: string[] = [];
  for (const opener of listOpeners(pathToFileURL(path).href, env["BROWSER"] ?? "", process.platform)) {
    const failure = await tryOpener(opener);
    if (failure === null) return { kind: "opened", by: opener.program };
    tried.push(`${opener.program} ${failure}`);
  }
  return { kind: "failed", tried };
}

/** $BROWSER may name several, with a colon between them, and say by %s where the address goes. No shell reads it. */
export function listOpeners(url: string, browser: string, platform: NodeJS.Platform): Opener[] {
  const named = browser.split(":").flatMap((command) => {
    const [program, ...args] = command.split(/\s+/).filter((word) => word !== "");
    if (program === undefined) return [];
    const filled = args.map((arg) => arg.replaceAll("%s", url));
    return [{ program, args: args.some((arg) => arg.includes("%s")) ? filled : [...filled, url] }];
  });
  return [...named.slice(0, PROGRAMS_MAX), { program: platform === "darwin" ? "open" : "xdg-open", args: [url] }];
}

/** Null: it took the page. Else what became of it. */
function tryOpener({ program, args }: Opener): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  // Ctrl+C in this terminal is not meant for the browser.
  const child = spawn(program, args, { stdio: "ignore", detached: true });
  const taken = setTimeout(() => resolve(null), TAKEN_MS);
  child.once("error", ({ code }: NodeJS.ErrnoException) =>
    resolve(code === "ENOENT" ? "is not on PATH" : `cannot be started (${code})`),
  );
  child.once("exit", (code, signal) => resolve(code === 0 ? null : `ended with ${signal ?? `exit code ${code}`}`));
  child.unref();
  return promise.finally(() => clearTimeout(taken));
}
