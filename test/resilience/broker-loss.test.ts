/** A broker of a cluster dies in the middle of a run, and stays away: leaders move, and so may its group's coordinator. */

import { it } from "vitest";
import { untilProcessed, withRun } from "../support/faults.ts";
import { describeTopic } from "../support/independent/topic-description.ts";
import { startRealCluster } from "../support/real-cluster.ts";
import { describeReal } from "../support/real-parts.ts";
import { expectPassed, ONCE } from "../support/system.ts";

const MESSAGES = 240_000;
const FEW_MESSAGES = 10_000;
const TOPIC = "orders";
/** Nobody listens there: the first address of a list need not be a good one. */
const DEAD_ADDRESS = "127.0.0.1:1";

describeReal(["kafka", "kcat"], "three brokers with three replicas of each partition", () => {
  it("a leader may be killed for good in the middle of a run, and a further run begins without it", async () => {
    const cluster = await startRealCluster();
    const args = [
      ...ONCE,
      "--kafka",
      `${DEAD_ADDRESS},${cluster.bootstrap}`,
      "--task-managers",
      "3",
      "--partitions",
      "6",
    ];
    const load = ["--messages", String(MESSAGES), "--rate", "40000", "--topic", TOPIC];
    try {
      await withRun([...args, ...load], async (cli) => {
        await untilProcessed(cli, 1);
        const described = await describeTopic(cluster.bootstrap, TOPIC);
        await cluster.broker(described?.partitions[0]?.leader ?? -1).kill();
        await expectPassed(cli, await cli.end(), MESSAGES);
      });
      await withRun([...args, "--messages", String(FEW_MESSAGES)], async (cli) => {
        await expectPassed(cli, await cli.end(), FEW_MESSAGES);
      });
    } finally {
      await cluster.stop();
    }
  });
});
