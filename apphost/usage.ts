/**
 * Wrong usage is told whole: somebody who mistyped three options wants to read of three, and not to run a command three
 * times. What is wrong is collected as errors of the catalogue, and thrown as one. Pure.
 */
import { distance } from "fastest-levenshtein";
import { type AppError, createError, isAppError } from "../simulator/common/foundation/errors.ts";

/** The error of wrong usage that the work throws, as a list of one or none. Any other goes on. */
export function catchUsage(work: () => void): readonly AppError[] {
  try {
    work();
    return [];
  } catch (error) {
    if (isAppError(error) && error.category === "usage") return [error];
    throw error;
  }
}

/** Throws the one problem as it is, or all of them in one error. */
export function throwUsage(problems: readonly AppError[]): void {
  const [first] = problems;
  if (first === undefined) return;
  if (problems.length === 1) throw first;
  throw createError("USAGE_SEVERAL", { problems: problems.map(({ message }) => message) });
}

/** Of two words of five letters, those that share three are still alike. */
const DISTANCE_SHARE_MAX = 0.5;

/** The known word that was probably meant; null when none is like it. */
export function findNearest(word: string, known: readonly string[]): string | null {
  let nearest: string | null = null;
  let least = Infinity;
  for (const candidate of known) {
    const apart = distance(word.toLowerCase(), candidate.toLowerCase());
    const isLike = apart <= DISTANCE_SHARE_MAX * Math.max(word.length, candidate.length) && apart < candidate.length;
    if (!isLike || apart >= least) continue;
    nearest = candidate;
    least = apart;
  }
  return nearest;
}
