/** What `npm run bench -- …` takes. */
import { Command, InvalidArgumentError } from "commander";

export const SUITE_NAMES = ["pipeline", "peers", "replay", "growth", "latency", "startup", "idle", "codec"] as const;
export type SuiteName = (typeof SUITE_NAMES)[number];

export interface BenchOptions {
  readonly suites: readonly SuiteName[];
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

/** Throws commander's own error for wrong usage; its text is on standard error then. */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const program = new Command("npm run bench --")
    .description("Measures this project beside its peers, on the same servers, in alternation.")
    .option("--suite <names>", `some of ${SUITE_NAMES.join(", ")}, separated by commas (default: all)`, readSuites)
    .option("--messages <number>", `messages of an ordinary run (default ${FULL.messages})`, readCount)
    .option("--rounds <number>", `how often each case is measured (default ${FULL.rounds})`, readCount)
    .option("--idle-minutes <number>", `how long an idle host is watched (default ${FULL.idleMinutes})`, readCount)
    .option("--quick", `one round with ${QUICK.messages} messages`)
    .exitOverride()
    .parse([...args], { from: "user" });
  const given = program.opts<{
    suite?: SuiteName[];
    messages?: number;
    rounds?: number;
    idleMinutes?: number;
    quick?: true;
  }>();
  const defaults = given.quick === true ? QUICK : FULL;
  return {
    suites: given.suite ?? SUITE_NAMES,
    messages: given.messages ?? defaults.messages,
    rounds: given.rounds ?? defaults.rounds,
    idleMs: (given.idleMinutes ?? defaults.idleMinutes) * MINUTE_MS,
    quick: given.quick === true,
  };
}

function readSuites(text: string): SuiteName[] {
  const asked = text.split(",").map((name) => name.trim());
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
