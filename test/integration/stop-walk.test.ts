/**
 * The stop-each-process walk: each kind of process is stopped (SIGSTOP) at each phase in which it lives, and each such
 * run ends in time, with the right exit code and the right verdict. A stopped process is the worst kind of a hung one: it
 * holds its sockets, answers nothing, and does not hear SIGTERM.
 *
 * All cells take some 20 minutes, so this walks a few, chosen by a seed. STOP_WALK=all walks all of them, and
 * STOP_WALK_TABLE=<file> gets the table of ends, a row as soon as its run has ended.
 */
import { writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { describeReal } from "../support/real-parts.ts";
import { canListProcesses } from "../support/run-processes.ts";
import { createRandom } from "../support/script-walk.ts";
import { SKIP_MARK } from "../support/skip-reporter.ts";
import { inTurns } from "../support/stages.ts";
import { CELLS, type Cell, nameCell } from "../support/stop-walk/cells.ts";
import { type CellEnd, type CellOptions, findProblem, formatTable, runCell } from "../support/stop-walk/walk.ts";

const MESSAGES = 6_000;
/** Two seconds of load. */
const ARGS = `up --messages ${MESSAGES} --rate 3000 --task-managers 2 --partitions 4`.split(" ");
/** A bound on silence that a test can wait for. */
const HUNG_SOON = ["--test-hung-after", "3s"];
const CELL_MS_MAX = 240_000;
const WALK_MS_MAX = 1_800_000;
const ABREAST = 2;

const isWhole = process.env["STOP_WALK"] === "all";
const seed = Number(process.env["TEST_SEED"] ?? Date.now() % 1_000_000);
const below = createRandom(seed);

function chooseCells(from: readonly Cell[], count: number): readonly Cell[] {
  if (isWhole) return from;
  const left = [...from];
  return Array.from({ length: count }, () => left.splice(below(left.length), 1)).flat();
}

const ends: CellEnd[] = [];

async function walk(
  cells: readonly Cell[],
  options: Pick<CellOptions, "interrupts" | "infra"> & { readonly more: readonly string[] },
): Promise<void> {
  const byName = new Map(cells.map((cell) => [nameCell(cell), cell]));
  const problems = await inTurns([...byName.keys()], ABREAST, async (name) => {
    const cell = byName.get(name) as Cell;
    const end = await runCell(cell, { ...options, args: [...ARGS, ...options.more], deadlineMs: CELL_MS_MAX });
    ends.push(end);
    const table = process.env["STOP_WALK_TABLE"];
    if (table !== undefined) writeFileSync(table, formatTable(ends.toSorted(byOrder)));
    const problem = findProblem(end, MESSAGES);
    if (problem !== null) throw new Error(problem);
  });
  expect(problems, formatTable(ends)).toEqual([]);
}

const byOrder = (a: CellEnd, b: CellEnd): number =>
  a.infra.localeCompare(b.infra) || a.interrupts - b.interrupts || CELLS.indexOf(a.cell) - CELLS.indexOf(b.cell);

/** Leaving an idle host is no interrupt of a run. */
const INTERRUPTIBLE = CELLS.filter(({ phase }) => phase !== "idle");

const CHOSEN = {
  alone: chooseCells(CELLS, 4),
  once: chooseCells(INTERRUPTIBLE, 1),
  twice: chooseCells(INTERRUPTIBLE, 1),
};
const tell = (cells: readonly Cell[], all: readonly Cell[]) =>
  `${cells.length} of ${all.length} cells${isWhole ? "" : `, TEST_SEED=${seed}`}`;

describe.skipIf(!canListProcesses)("a process that is stopped at any phase (leftovers are found by /proc)", () => {
  it(
    `is replaced, or ends the run with its reason (${tell(CHOSEN.alone, CELLS)})`,
    () => walk(CHOSEN.alone, { infra: "embedded", interrupts: 0, more: HUNG_SOON }),
    WALK_MS_MAX,
  );

  it(
    `keeps nobody from ending the run by Ctrl+C (${tell(CHOSEN.once, INTERRUPTIBLE)})`,
    () => walk(CHOSEN.once, { infra: "embedded", interrupts: 1, more: [] }),
    WALK_MS_MAX,
  );

  it(
    `goes with all others at a second Ctrl+C (${tell(CHOSEN.twice, INTERRUPTIBLE)})`,
    () => walk(CHOSEN.twice, { infra: "embedded", interrupts: 2, more: [] }),
    WALK_MS_MAX,
  );
});

/** Nobody can ask them, so each takes a minute and more. */
const NATIVE: readonly Cell[] = [
  { target: "kafka", phase: "producing" },
  { target: "kafka", phase: "validating" },
  { target: "redis", phase: "producing" },
  { target: "redis", phase: "stopping the job" },
  { target: "redis", phase: "validating" },
];

const whyNot = isWhole ? "" : ` ${SKIP_MARK}each takes a minute and more, so with STOP_WALK=all only)`;

describeReal(["kafka", "redis"], "a native server that is stopped", () => {
  it.skipIf(!isWhole)(
    `is given up, with that as the reason${whyNot}`,
    () => walk(NATIVE, { infra: "native", interrupts: 0, more: [] }),
    WALK_MS_MAX,
  );
});
