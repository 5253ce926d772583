/** What `npm run bench -- …` takes. */
import { Command, InvalidArgumentError, Option } from "commander";

export const SUITE_NAMES = [
  "pipeline",
  "peers",
  "replay",
  "growth",
  "latency",
  "startup",
  "idle",
  "codec",
  "dashboard",
  "logs",
  "produce",
  "compression",
  "warm-up",
  "engines",
] as const;
export type SuiteName = (typeof SUITE_NAMES)[number];

export interface BenchOptions {
  readonly suites: readonly SuiteName[];
  /** Ids of those of their cases that are measured; null: all. */
  readonly cases: readonly string[] | null;
  /** Of a run of ordinary size; suites that vary the size take multiples of it. */
  readonly messages: number;
  readonly rounds: number;
  /** How long a host with nothing to do is watched. */
  readonly idleMs: number;
  /** One round of small runs: shows that everything works, and measures little. */
  readonly quick: boolean;
}

const FULL = { messages: 10_000_000, rounds: 3, idleMinutes: 1 };
const QUICK = { messages: 200_000, rounds: 1, idleMinutes: 1 / 12 };
const MINUTE_MS = 60_000;

/** Results that are there already. */
export interface BenchComparisonOptions {
  /** Paths of result files. */
  readonly a: string;
  /** Null: the newest one. */
  readonly b: string | null;
  readonly isForced: boolean;
  /** Null: nothing is judged. */
  readonly failAbovePercent: number | null;
  readonly format: "text" | "json";
}

/** What a load would take, from a result that is there already. */
export interface CapacityOptions {
  /** Path of a result file. */
  readonly file: string;
  readonly format: "text" | "json";
}

export type BenchRequest =
  | { readonly kind: "measure"; readonly options: BenchOptions }
  | { readonly kind: "compare"; readonly options: BenchComparisonOptions }
  | { readonly kind: "capacity"; readonly options: CapacityOptions };

const FORMATS = ["text", "json"] as const;
const PERCENT_MAX = 1_000;

/** Throws commander's own error for wrong usage; its text is on standard error then. */
export function parseBenchRequest(args: readonly string[]): BenchRequest {
  const program = new Command("npm run bench --")
    .description("Measures this project beside its peers, on the same servers, in alternation.")
    .option("--suite <names>", `some of ${SUITE_NAMES.join(", ")}, separated by commas (default: all)`, readSuites)
    .option("--cases <ids>", "only these cases of them, as progress names them: engines/flink-1", readList)
    .option("--messages <number>", `messages of an ordinary run (default ${FULL.messages})`, readCount)
    .option("--rounds <number>", `how often each case is measured (default ${FULL.rounds})`, readCount)
    .option("--idle-minutes <number>", `how long an idle host is watched (default ${FULL.idleMinutes})`, readCount)
    .option("--quick", `one round with ${QUICK.messages} messages`)
    .option("--compare <file>", "compare this result with the next one (default: the newest), and measure nothing")
    .option("--capacity <file>", "plan larger loads from this result of the suite engines, and measure nothing")
    .option("--force", "with --compare: also what is not alike")
    .option(
      "--fail-above <percent>",
      "with --compare: end with 5 when something of ours got worse by more",
      readPercent,
    )
    .addOption(
      new Option("--format <format>", "with --compare and --capacity: how it is printed")
        .choices(FORMATS)
        .default("text"),
    )
    .argument("[file]", "the second result of --compare")
    .exitOverride()
    .parse([...args], { from: "user" });
  const given = program.opts<{
    suite?: SuiteName[];
    cases?: string[];
    messages?: number;
    rounds?: number;
    idleMinutes?: number;
    quick?: true;
    compare?: string;
    capacity?: string;
    force?: true;
    failAbove?: number;
    format: "text" | "json";
  }>();
  const [other = null] = program.args;
  if (given.compare !== undefined) {
    const { compare: a, force, failAbove: failAbovePercent = null, format } = given;
    return { kind: "compare", options: { a, b: other, isForced: force === true, failAbovePercent, format } };
  }
  const stray = other ?? (given.force === true ? "--force" : given.failAbove === undefined ? null : "--fail-above");
  if (stray !== null) program.error(`error: '${stray}' has no meaning without --compare`);
  if (given.capacity !== undefined) {
    return { kind: "capacity", options: { file: given.capacity, format: given.format } };
  }
  const defaults = given.quick === true ? QUICK : FULL;
  return {
    kind: "measure",
    options: {
      suites: given.suite ?? SUITE_NAMES,
      cases: given.cases ?? null,
      messages: given.messages ?? defaults.messages,
      rounds: given.rounds ?? defaults.rounds,
      idleMs: (given.idleMinutes ?? defaults.idleMinutes) * MINUTE_MS,
      quick: given.quick === true,
    },
  };
}

const readList = (text: string): string[] => text.split(",").map((name) => name.trim());

function readSuites(text: string): SuiteName[] {
  const asked = readList(text);
  const unknown = asked.find((name) => !SUITE_NAMES.some((known) => known === name));
  if (unknown !== undefined) throw new InvalidArgumentError(`"${unknown}" is none of ${SUITE_NAMES.join(", ")}.`);
  return SUITE_NAMES.filter((name) => asked.includes(name));
}

/** `10_000_000` reads better than the bare digits. */
function readCount(text: string): number {
  const value = /^\d+(_\d+)*$/.test(text) ? Number(text.replaceAll("_", "")) : 0;
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError("Expected a whole number from 1.");
  return value;
}

function readPercent(text: string): number {
  const value = /^\d+(\.\d+)?%?$/.test(text) ? Number(text.replace("%", "")) : Number.NaN;
  if (!(value <= PERCENT_MAX)) throw new InvalidArgumentError("Expected a percentage from 0 to 1000: 10%.");
  return value;
}
