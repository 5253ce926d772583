/** A host with native servers that is killed: Java and redis-server cannot notice it, and are gone all the same. */
import { expect, it } from "vitest";
import { describeReal } from "../support/real-parts.ts";
import { inTurns, killAtStage, walkOnce } from "../support/stages.ts";

const ARGS = ["up", "--once", "--infra", "native", "--messages", "400", "--task-managers", "2"];
const ABREAST = 2;

describeReal(["kafka", "redis"], "a host with native servers that gets kill -9", () => {
  it("at any stage of its servers, and of its start and stop, leaves nothing within 10 s", async () => {
    const env = { KAFKA_HOME: process.env["KAFKA_HOME"] as string };
    const { stages } = await walkOnce(ARGS, env);
    const ofServers = stages.filter((stage) => /^(kafka|redis|phase) /.test(stage));
    expect(ofServers).toEqual(expect.arrayContaining(["kafka starting", "kafka stopping", "redis running"]));
    expect(await inTurns(ofServers, ABREAST, (stage) => killAtStage(stage, ARGS, env))).toEqual([]);
  }, 900_000);
});
