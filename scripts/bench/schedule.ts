/**
 * Runs the cases of the chosen suites: each once a round, in alternation, so that what changes on the machine meanwhile
 * meets all of them. Every second round goes backwards: nobody always runs after the same other one.
 */
import { createError, describeError } from "../../simulator/common/foundation/errors.ts";
import { MissingPart } from "./parts.ts";
import type { Session } from "./session.ts";
import type { BenchCase, BenchContext, BenchSuite, Outcome } from "./suite.ts";

export interface Turn {
  readonly round: number;
  readonly benchCase: BenchCase;
}

/** Only these cases, and the ratios between them; null: all. Throws BENCH_CASE_UNKNOWN. Pure. */
export function narrowSuites(suites: readonly BenchSuite[], ids: readonly string[] | null): readonly BenchSuite[] {
  if (ids === null) return suites;
  const known = suites.flatMap(({ cases }) => cases.map(({ id }) => id));
  const stray = ids.find((id) => !known.includes(id));
  if (stray !== undefined) throw createError("BENCH_CASE_UNKNOWN", { id: stray, known });
  return suites.map((suite) => ({
    ...suite,
    cases: suite.cases.filter(({ id }) => ids.includes(id)),
    ratios: suite.ratios.filter(({ over, under }) => ids.includes(over.case) && ids.includes(under.case)),
  }));
}

/** The order of all turns. A case that several suites name has one turn a round. Pure. */
export function planTurns(suites: readonly BenchSuite[], rounds: number): Turn[] {
  const cases = [...new Map(suites.flatMap((suite) => suite.cases).map((one) => [one.id, one])).values()];
  return Array.from({ length: rounds }, (_, i) => i + 1).flatMap((round) =>
    (round % 2 === 1 ? cases : [...cases].reverse()).map((benchCase) => ({ round, benchCase })),
  );
}

/** Measures one turn. A peer that is not here, or a failure, is an outcome; only an interrupt is thrown. */
export async function takeTurn(
  context: BenchContext,
  { round, benchCase }: Turn,
  session: () => Session | null,
): Promise<Outcome> {
  const turn = { case: benchCase.id, round, startedAt: new Date().toISOString() };
  try {
    const result = await benchCase.measure(context);
    // Read afterwards: the case may itself have filled a topic before it measured.
    const brokerLoadsBefore = benchCase.usesBroker ? (session()?.loads ?? null) : null;
    return { ...turn, brokerLoadsBefore, status: "measured", ...result };
  } catch (error) {
    context.signal.throwIfAborted();
    const status = error instanceof MissingPart ? "missing" : "failed";
    return { ...turn, brokerLoadsBefore: null, status, reason: describeError(error) };
  } finally {
    if (benchCase.usesBroker) session()?.noteLoad();
  }
}
