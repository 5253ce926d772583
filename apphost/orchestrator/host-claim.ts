/**
 * The claim on a base folder: at most one host that was not started with --isolated holds it.
 *
 * C1 Claim n is the file `host-<n>`. It is made complete and exclusively (by a link to a finished file), and only after
 *    the owner of claim n - 1 is dead. So of two hosts that start at the same moment exactly one gets it.
 * C2 The newest claim is never removed, dead or alive: whoever removed it could remove its successor. Its owner removes
 *    the older ones.
 */
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { createError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { isSameProcess, type ProcessIdentity, readStartTime } from "./process-identity.ts";

/** A loser meets the winner's claim on the next look; more looks mean that hosts start and die in a row. */
const ATTEMPTS_MAX = 20;

/** The living owner of the claim, or null when it is ours now. */
export function claimFolder(base: string): ProcessIdentity | null {
  const folder = resolve(base);
  try {
    return tryToClaim(folder);
  } catch (error) {
    throw isAppError(error) ? error : createError("RUN_FOLDER_FAILED", { path: folder }, error);
  }
}

function tryToClaim(folder: string): ProcessIdentity | null {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const own = { pid: process.pid, startTime: readStartTime(process.pid) ?? "" } satisfies ProcessIdentity;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const newest = listClaims(folder).at(-1) ?? 0;
    const owner = newest === 0 ? undefined : readClaim(claimPath(folder, newest));
    if (owner !== undefined && owner.pid !== own.pid && isSameProcess(owner)) return owner;
    if (!makeClaim(folder, newest + 1, own)) continue;
    const claims = listClaims(folder);
    // Between our look and our claim others may have come, gone, and taken their older claims along.
    const isNewest = claims.at(-1) === newest + 1;
    for (const n of isNewest ? claims.slice(0, -1) : [newest + 1]) rmSync(claimPath(folder, n), { force: true });
    if (isNewest) return null;
  }
  throw createError("ASSERTION_FAILED", { what: `one of ${ATTEMPTS_MAX} claims on ${folder} succeeds` });
}

const claimPath = (folder: string, n: number): string => resolve(folder, `host-${n}`);

/** Rising. */
function listClaims(folder: string): number[] {
  return readdirSync(folder)
    .map((name) => Number(/^host-(\d+)$/.exec(name)?.[1] ?? 0))
    .filter((n) => n > 0)
    .sort((a, b) => a - b);
}

/** undefined when it was superseded meanwhile, or is no claim: somebody else's file does not lock the folder for ever. */
function readClaim(path: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as ProcessIdentity;
  } catch {
    return undefined;
  }
}

/** False when somebody else made it first. */
function makeClaim(folder: string, n: number, own: ProcessIdentity): boolean {
  const temporary = resolve(folder, `host-${process.pid}.tmp`);
  writeFileSync(temporary, JSON.stringify(own), { mode: 0o600 });
  try {
    linkSync(temporary, claimPath(folder, n));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}
