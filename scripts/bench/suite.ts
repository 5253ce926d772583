/**
 * The words of the bench. A suite is a list of cases and of ratios between them; a case measures one thing once and gives
 * a sample. Suites may share cases: a case that several of them name runs once a round.
 */
import type { RunClock } from "../../simulator/common/foundation/clock.ts";
import type { BenchOptions } from "./options.ts";
import type { Session } from "./session.ts";
import type { FigureForm } from "./text-table.ts";

/** By name, with the unit in it: `endToEndPerSecond`, `p99Ms`. null: not known. */
export type Figures = Readonly<Record<string, number | null>>;

export interface CaseResult {
  readonly messages: number;
  readonly messageSize: number;
  readonly figures: Figures;
  /** By process group, over the case's own interval; null where the system does not tell. */
  readonly cpuUsPerMessage: Figures | null;
  /** Of the largest process of each group. */
  readonly rssBytesMax: Figures | null;
  /** What the figures were computed from. */
  readonly raw: Readonly<Record<string, unknown>>;
}

export interface BenchContext {
  readonly options: BenchOptions;
  readonly clock: RunClock;
  /** A folder of this bench, removed at its end. */
  readonly workFolder: string;
  readonly signal: AbortSignal;
  /** The one real broker and Redis of the session; started by the first case that needs them. */
  session(): Promise<Session>;
  say(line: string): void;
}

export interface BenchCase {
  readonly id: string;
  readonly title: string;
  /** Whether it loads the session's broker, whose warmth then belongs to the figures. */
  readonly usesBroker: boolean;
  /** A program of others: what its figures do from bench to bench is no change of ours. Absent: it is ours. */
  readonly isPeer?: boolean;
  measure(context: BenchContext): Promise<CaseResult>;
}

export interface Column {
  readonly figure: string;
  readonly title: string;
  readonly form: FigureForm;
}

/** Of one figure of a case over one of another, in the same round. */
export interface RatioSpec {
  readonly title: string;
  readonly over: { readonly case: string; readonly figure: string };
  readonly under: { readonly case: string; readonly figure: string };
}

export interface BenchSuite {
  readonly name: string;
  readonly title: string;
  readonly cases: readonly BenchCase[];
  readonly columns: readonly Column[];
  readonly ratios: readonly RatioSpec[];
  /** Whether the table of CPU time by process group belongs to it. */
  readonly showsCpu: boolean;
}

export type Outcome = {
  readonly case: string;
  readonly round: number;
  readonly startedAt: string;
  /** Loads that the session's broker had served before; null for a case that does not use it. */
  readonly brokerLoadsBefore: number | null;
} & (
  | ({ readonly status: "measured" } & CaseResult)
  | { readonly status: "missing" | "failed"; readonly reason: string }
);

export type Sample = Extract<Outcome, { status: "measured" }>;

/** A JVM gets several times faster while it warms up, so only like is put beside like. */
export type BrokerPhase = "first run after its start" | "second run" | "third run or later (warm)";

export function brokerPhase(loadsBefore: number | null): BrokerPhase | null {
  if (loadsBefore === null) return null;
  if (loadsBefore === 0) return "first run after its start";
  return loadsBefore === 1 ? "second run" : "third run or later (warm)";
}
