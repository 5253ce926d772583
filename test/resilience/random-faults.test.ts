/** Faults at random, from a seed that the title shows: TEST_SEED=<n> repeats the choice (the timing is the machine's). */
import { setTimeout as sleep } from "node:timers/promises";
import { it } from "vitest";
import { killAll, taskManagers, untilProcessed, whileStopped, withRun } from "../support/faults.ts";
import { createRandom } from "../support/script-walk.ts";
import { expectPassed, ONCE } from "../support/system.ts";

const seed = Number(process.env["TEST_SEED"] ?? Date.now() % 1_000_000);
const MESSAGES = 24_000;
/** Fewer than would make the host give up: more than ten restarts of one resource in a minute. */
const FAULTS = 14;
const PAUSE_MS_MAX = 6_500;

it(`faults at random leave every count exact (TEST_SEED=${seed})`, async () => {
  const below = createRandom(seed);
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
});
