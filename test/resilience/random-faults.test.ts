/**
 * Faults at random, from seeds that the titles show: the choice is repeated by the seed, the timing is the machine's.
 *
 * On real servers each verdict is held against an independent reader's: passed, violated or not known, it must be so.
 *
 *   every day                                     two runs on one broker and one on three; TEST_SEED=<n> repeats them
 *   CHAOS_RUNS=60 CHAOS_RESULTS=<file>            so many larger ones, half of them on three brokers; a line each is appended
 *   CHAOS_RUNS=1 CHAOS_BROKERS=3 TEST_SEED=<n>    repeats one of these
 */
import { appendFileSync, mkdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeError } from "../../simulator/common/foundation/errors.ts";
import { type ChaosResult, countHarms, describeResult, summarize } from "../support/chaos/chaos-result.ts";
import { runChaos } from "../support/chaos/chaos-run.ts";
import { ChaosServers } from "../support/chaos/chaos-servers.ts";
import type { ScheduleSize } from "../support/chaos/schedule.ts";
import { createSchedule } from "../support/chaos/schedule-choice.ts";
import { killAll, taskManagers, untilProcessed, whileStopped, withRun } from "../support/faults.ts";
import { describeReal } from "../support/real-parts.ts";
import { createRandom, walkSeed } from "../support/script-walk.ts";
import { expectPassed, ONCE } from "../support/system.ts";

const firstSeed = walkSeed();
const RUN_TIMEOUT_MS = 420_000;

/** How many runs on so many brokers, and how large. */
function planRuns(): { readonly size: ScheduleSize; readonly groups: readonly { brokers: number; runs: number }[] } {
  const asked = process.env["CHAOS_RUNS"] ?? "";
  const daily = [
    { brokers: 1, runs: 2 },
    { brokers: 3, runs: 1 },
  ];
  if (asked === "") return { size: "quick", groups: daily };
  const runs = Number(asked);
  const brokers = process.env["CHAOS_BROKERS"] ?? "";
  const half = Math.floor(runs / 2);
  const groups = [
    { brokers: 1, runs: runs - half },
    { brokers: 3, runs: half },
  ];
  return { size: "full", groups: brokers === "" ? groups : [{ brokers: Number(brokers), runs }] };
}

const resultsFile = process.env["CHAOS_RESULTS"] ?? "";

/** A run of an hour may be cut: what is known by then is in the file. */
function tell(line: string): void {
  process.stdout.write(`${line}\n`);
  if (resultsFile !== "") appendFileSync(resultsFile, `${line}\n`);
}

describeReal(["kafka", "redis", "kcat", "redis-cli"], "on real servers every verdict is right", () => {
  const { size, groups } = planRuns();
  const results: ChaosResult[] = [];
  let seed = firstSeed;
  for (const { brokers, runs } of groups) {
    const seeds = Array.from({ length: runs }, () => seed++);
    describe(`with ${brokers} broker${brokers === 1 ? "" : "s"}`, () => {
      let servers: ChaosServers;
      beforeAll(async () => {
        servers = await ChaosServers.start(brokers);
      });
      afterAll(() => servers.stop());

      it.each(seeds)(
        "TEST_SEED=%i",
        async (own) => {
          const evidenceFolder = resultsFile === "" ? null : `${resultsFile}.evidence`;
          if (evidenceFolder !== null) mkdirSync(evidenceFolder, { recursive: true });
          const result = await runChaos(servers, createSchedule(own, brokers, size), { evidenceFolder }).catch(
            (error: unknown) => {
              tell(`seed ${own} | NOT JUDGED: ${describeError(error)}`);
              throw error;
            },
          );
          results.push(result);
          tell(describeResult(result));
          expect(result.wrongs, describeResult(result)).toEqual([]);
        },
        RUN_TIMEOUT_MS,
      );
    });
  }
  afterAll(() => {
    tell(summarize(results));
    // One run may end before its faults begin; several without any harm would prove nothing.
    if (results.length > 2) expect(countHarms(results)).toBeGreaterThan(0);
  });
});

const MESSAGES = 24_000;
/** Fewer than would make the host give up: more than ten restarts of one resource in a minute. */
const FAULTS = 14;
const PAUSE_MS_MAX = 6_500;

it.skipIf((process.env["CHAOS_RUNS"] ?? "") !== "")(
  `on embedded servers leave every count exact (TEST_SEED=${firstSeed})`,
  async () => {
    const below = createRandom(firstSeed);
    const targets = ["jobmanager", "producer", "redis", ...taskManagers(4), ...taskManagers(4)];
    await withRun([...ONCE, "--messages", String(MESSAGES), "--rate", "2000", "--task-managers", "4"], async (cli) => {
      await untilProcessed(cli, 1);
      const stopped: Promise<void>[] = [];
      for (let k = 0; k < FAULTS; k += 1) {
        const target = targets[below(targets.length)] as string;
        const pauseMs = below(PAUSE_MS_MAX);
        if (below(2) === 0) await killAll(cli, target);
        else stopped.push(whileStopped(cli, [target], () => sleep(pauseMs)));
        await sleep(below(800));
      }
      await Promise.all(stopped);
      await expectPassed(cli, await cli.end(), MESSAGES);
    });
  },
);
