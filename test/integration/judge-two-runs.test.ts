/** Two runs side by side on one Redis: each overwrites the counter and the sequence that both publish, and both pass. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jobIdOf, publishedKeyOf } from "../../simulator/common/contract/names.ts";
import { describeReal } from "../support/real-parts.ts";
import { type RealRedis, startRealRedis } from "../support/real-redis.ts";
import { type Cli, startCli } from "../support/run-cli.ts";
import { expectPassed, ONCE, readRunVariables, releaseHold, waitForHold } from "../support/system.ts";

const MESSAGES = 3_000;
const SMALL = [...ONCE, "--task-managers", "2", "--partitions", "4", "--checkpoint-interval", "200"];
const LOADED = [...SMALL, "--messages", String(MESSAGES), "--rate", "1500"];
const HELD = [...LOADED, "--test-hold", "before-validation"];

const pass = async (cli: Cli) => expectPassed(cli, await cli.end(), MESSAGES);

async function withRuns(args: readonly (readonly string[])[], work: (...runs: Cli[]) => Promise<void>): Promise<void> {
  const runs: Cli[] = [];
  try {
    for (const one of args) runs.push(startCli(one));
    await work(...runs);
  } finally {
    for (const cli of runs) await cli.dispose();
  }
}

describeReal(["redis"], "two runs on one real Redis", () => {
  let redis: RealRedis;
  beforeAll(async () => {
    redis = await startRealRedis({ password: "for-this-test" });
  });
  afterAll(() => redis?.stop());

  it("both pass, at the same time", async () => {
    const args = [...LOADED, "--redis", redis.url];
    await withRuns([args, args], async (one, other) => {
      const reports = await Promise.all([pass(one as Cli), pass(other as Cli)]);
      expect(reports.map(({ verdict }) => verdict)).toEqual(["passed", "passed"]);
    });
  });

  it("one that is validated after the other has published names another writer", async () => {
    const where = ["--redis", redis.url];
    const fewer = [...SMALL, "--messages", "100", ...where];
    await withRuns([[...HELD, ...where]], async (held) => {
      await waitForHold(held as Cli);
      await withRuns([fewer], async (other) => {
        await expectPassed(other as Cli, await (other as Cli).end(), 100);
      });
      await releaseHold(held as Cli);
      const report = await pass(held as Cli);
      const published = report.checks.find(({ id }) => id === "published-keys");
      expect(published?.reason).toContain("is 100, where this job's PUBLISH wrote 3000");
      expect(published?.reason).toContain("somebody else who uses this Redis wrote it later");
    });
  });
});

describe("a run whose Redis another run uses, too", () => {
  it("passes, and names the key that the other one left there", async () => {
    await withRuns([HELD], async (owner) => {
      await waitForHold(owner as Cli);
      const { REDIS_URL } = await readRunVariables((owner as Cli).cwd);
      const fewer = [...SMALL, "--messages", "100", "--redis", REDIS_URL as string];
      await withRuns([fewer], async (guest) => {
        await expectPassed(guest as Cli, await (guest as Cli).end(), 100);
        const guestKey = publishedKeyOf(jobIdOf(await (guest as Cli).runId()));
        await releaseHold(owner as Cli);
        const report = await pass(owner as Cli);
        const published = report.checks.find(({ id }) => id === "published-keys");
        expect(published?.reason).toContain("is 100, where this job's PUBLISH wrote 3000");
        expect(published?.reason).toContain(`another job writes it, too, one of ${guestKey}`);
      });
    });
  });
});
