/**
 * The claim on a base folder: at most one host that was not started with --isolated holds it.
 *
 * C1 Claim n is the file `host-<n>`. It is made complete and exclusively (by a link to a finished file), and only after
 *    the owner of claim n - 1 is dead. So of two hosts that start at the same moment exactly one gets it.
 * C2 The newest claim is never removed, dead or alive: whoever removed it could remove its successor. Its owner removes
 *    the older ones. An owner whose process lives on, as a test's does, gives it up by writing that into it.
 * C3 A file of that name that is no claim, or not ours, holds nothing: it is stepped over, left as it is, and named.
 * C4 A claim that came with a copy of its folder holds the folder that it was made in, and not the copy.
 */
import { linkSync, readdirSync, realpathSync, renameSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { createError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { parseJson } from "../../simulator/common/foundation/json-fields.ts";
import { inspectFolder, isCopy, makeFolders, readOwnFile, temporaryNameOf, writeNewFile } from "../files/own-files.ts";
import { isOfThisUser, isRunning, type ProcessIdentity, readStartTime } from "../processes/process-identity.ts";

/** A loser meets the winner's claim on the next look; more looks mean that hosts start and die in a row. */
const ATTEMPTS_MAX = 20;
/** A path has at most 4,096 bytes, which JSON may write as six times as many. */
const CLAIM_BYTES_MAX = 32_768;
/** More digits than hosts will ever have started here. */
const CLAIM_NAME = /^host-(\d{1,12})$/;

export type ClaimAnswer =
  | { readonly kind: "claimed"; release(): void }
  | { readonly kind: "held"; readonly owner: ProcessIdentity };

/** Claims the folder for this process, or says who holds it. */
export function claimFolder(base: string): ClaimAnswer {
  const folder = resolve(base);
  try {
    return tryToClaim(folder);
  } catch (error) {
    throw isAppError(error) ? error : createError("RUN_FOLDER_FAILED", { path: folder }, error);
  }
}

/** Who holds the folder, as far as can be seen from here: its host runs, or is starting and has no run yet. */
export function findClaimHolder(base: string): ProcessIdentity | null {
  const folder = resolve(base);
  if (inspectFolder(folder).kind !== "ours") return null;
  const newest = readClaims(folder, listNumbers(folder)).at(-1);
  return newest !== undefined && isHeld(newest) ? newest.owner : null;
}

function tryToClaim(folder: string): ClaimAnswer {
  makeFolders(folder);
  const own: ClaimText = {
    pid: process.pid,
    startTime: readStartTime(process.pid) ?? "",
    folder: realpathSync(folder),
  };
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    // One look for both questions: a claim that came in between must not be stepped over as if it were none.
    const numbers = listNumbers(folder);
    const newest = readClaims(folder, numbers).at(-1);
    if (newest !== undefined && isHeld(newest)) return { kind: "held", owner: newest.owner };
    const n = nextNumber(numbers, newest?.n ?? 0);
    if (!makeClaim(folder, n, own)) continue;
    const claims = readClaims(folder, listNumbers(folder)).map((claim) => claim.n);
    // Between our look and our claim others may have come, gone, and taken their older claims along.
    const isNewest = claims.at(-1) === n;
    for (const old of isNewest ? claims.slice(0, -1) : [n]) rmSync(claimPath(folder, old), { force: true });
    if (isNewest) return { kind: "claimed", release: () => releaseClaim(folder, n, own) };
  }
  throw createError("FOLDER_REFUSED", { path: folder, reason: `${ATTEMPTS_MAX} claims on it failed` });
}

const isHeld = ({ owner, released }: Claim): boolean => !released && isRunning(owner) && isOfThisUser(owner.pid);

/** C2. Where a successor has removed it meanwhile, an old claim that holds nothing comes back, and goes with the next. */
function releaseClaim(folder: string, n: number, own: ClaimText): void {
  const temporary = temporaryNameOf(resolve(folder, "host"));
  writeNewFile(temporary, JSON.stringify({ ...own, released: true }));
  renameSync(temporary, claimPath(folder, n));
}

const claimPath = (folder: string, n: number): string => resolve(folder, `host-${n}`);

type ClaimText = ProcessIdentity & { readonly folder: string };

interface Claim {
  readonly n: number;
  readonly owner: ProcessIdentity;
  readonly released: boolean;
}

/** Of whatever is called like a claim, rising. */
const listNumbers = (folder: string): number[] =>
  readdirSync(folder)
    .flatMap((name) => (CLAIM_NAME.test(name) ? [Number(name.slice("host-".length))] : []))
    .sort((a, b) => a - b);

const readClaims = (folder: string, numbers: readonly number[]): Claim[] =>
  numbers.flatMap((n) => {
    const reading = readClaim(claimPath(folder, n));
    if (reading.kind !== "valid") return [];
    const { madeIn, owner, released } = reading.value;
    return [{ n, owner, released: released || (madeIn !== null && isCopy(folder, madeIn)) }];
  });

/** The first one behind the newest claim that nothing else had the name of (C3). */
function nextNumber(numbers: readonly number[], newest: number): number {
  let n = newest + 1;
  while (numbers.includes(n)) n += 1;
  return n;
}

/** What is called like a claim and is none, each with its path and why (C3). */
export function findClaimProblems(base: string): string[] {
  const folder = resolve(base);
  return listNumbers(folder).flatMap((n) => {
    const path = claimPath(folder, n);
    const reading = readClaim(path);
    return reading.kind === "malformed" ? [`${path} is not used: ${reading.reason}`] : [];
  });
}

type ClaimReading = { readonly kind: "valid"; readonly value: ClaimValue } | ClaimRefusal;
/** `madeIn`: null in claims of earlier versions. */
type ClaimValue = Omit<Claim, "n"> & { readonly madeIn: string | null };
/** Missing: it was superseded meanwhile. */
type ClaimRefusal = { readonly kind: "missing" } | { readonly kind: "malformed"; readonly reason: string };

function readClaim(path: string): ClaimReading {
  const file = readOwnFile(path, CLAIM_BYTES_MAX);
  if (file.kind === "refused") return { kind: "malformed", reason: file.reason };
  if (file.kind === "missing") return file;
  return parseJson(file.text, (fields) => ({
    owner: { pid: fields.whole("pid", 1), startTime: fields.text("startTime") },
    madeIn: fields.nullable("folder", () => fields.text("folder")),
    // Written only when it is true.
    released: fields.as<{ readonly released?: unknown }>().released === true,
  }));
}

/** False when somebody else made it first. */
function makeClaim(folder: string, n: number, own: ClaimText): boolean {
  const temporary = temporaryNameOf(resolve(folder, "host"));
  writeNewFile(temporary, JSON.stringify(own));
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
