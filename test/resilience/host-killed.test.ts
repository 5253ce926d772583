/** A host with native servers that is killed: they cannot notice it, and are gone all the same. */
import { expect, it } from "vitest";
import { describeReal } from "../support/real-parts.ts";
import { inTurns, killAtStage, walkOnce } from "../support/stages.ts";

const ARGS = ["up", "--once", "--infra", "native", "--messages", "400", "--task-managers", "2"];
const ABREAST = 2;

describeReal(["kafka", "redis"], "a host with native servers that gets kill -9", () => {
  // The other stages are walked with embedded servers, which start in a tenth of the time.
  it("at any stage of Kafka leaves nothing within 10 s", async () => {
    const env = { KAFKA_HOME: process.env["KAFKA_HOME"] as string };
    const { stages } = await walkOnce(ARGS, env);
    const ofKafka = stages.filter((stage) => stage.startsWith("kafka "));
    expect(ofKafka).toEqual(expect.arrayContaining(["kafka starting", "kafka running", "kafka stopping"]));
    expect(await inTurns(ofKafka, ABREAST, (stage) => killAtStage(stage, ARGS, env))).toEqual([]);
  }, 900_000);
});
