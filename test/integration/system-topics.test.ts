/** Topics that the user names: refused when counts would mix, counted when that is asked for, and what is no message in them. */
import { zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BATCH, sealBatch } from "../../simulator/clients/kafka/wire/record-batch.ts";
import { batchOf, withAttributes } from "../support/record-sets.ts";
import { type Cli, runCli, startCli } from "../support/run-cli.ts";
import { createKafka, expectExit, readRunVariables, readVerdict, sendRecord } from "../support/system.ts";
import { Peer, produceBatch } from "./embedded-kafka-peer.ts";

const VALID = '{"id":"000000000001","ts":"1795360719696123","p":"sample-data-000000000001"}';

describe("a topic that exists", () => {
  let host: Cli;
  let external: string[] = [];
  let bootstrap = "";
  beforeAll(async () => {
    // Its servers stand in for somebody else's.
    host = startCli(["up", "--messages", "0", "--infra", "embedded", "--ui", "json", "--task-managers", "1"]);
    await host.waitForEvent("phase", (event) => event.phase === "idle");
    const variables = await readRunVariables(host.cwd);
    bootstrap = variables["KAFKA_BOOTSTRAP_SERVERS"] as string;
    external = ["--kafka", bootstrap, "--redis", variables["REDIS_URL"] as string, "--task-managers", "2"];
    // That host's own job goes on publishing its total; two jobs must not publish under the same keys.
    external.push("--counter-key", "test:counter", "--sequence-key", "test:sequence");
    const admin = createKafka(bootstrap).admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: "theirs", numPartitions: 3 }] });
    await admin.disconnect();
    for (const [partition, value] of [VALID, '{"id": 7}', "no message"].entries()) {
      await sendRecord(bootstrap, "theirs", partition, value);
    }
  });
  afterAll(() => host.dispose());

  const run = (...args: string[]) => ["up", "--once", "--ui", "json", ...external, "--topic", "theirs", ...args];

  it.each([
    [["--messages", "10", "--partitions", "3"], /3 offsets of it are used.*--messages 0/],
    [["--messages", "10", "--partitions", "4"], /it has 3 partitions, and 4 were asked for.*--partitions 3/],
  ])("is refused with exit 2 when counts would mix: %j", async (args, reason) => {
    const result = await runCli(run(...args));
    expect(result.exitCode, result.stderr).toBe(2);
    expect(readVerdict(result).reasons.join()).toMatch(reason);
  });

  it("that does not exist cannot be counted", async () => {
    const result = await runCli([...run("--messages", "0"), "--topic", "nobodys"]);
    expect(result.exitCode, result.stderr).toBe(2);
    expect(readVerdict(result).reasons.join()).toMatch(/nobodys.*does not exist/);
  });

  it("is counted with --messages 0, without the checks of a ledger; what is no message fails it", async () => {
    await runCli(run("--messages", "0"), {}, async (cli, result) => {
      const report = await expectExit(cli, result, 4);
      expect(report.messages).toMatchObject({ processed: 2, rejected: 1, inKafka: 3 });
      const failed = report.checks.filter(({ status }) => status === "failed");
      expect(failed.map(({ id }) => id)).toEqual(["rejected"]);
      const ledger = report.checks.find(({ id }) => id === "ledger-complete");
      expect(ledger?.status).toBe("notApplicable");
    });
  });

  it("is refused with exit 2 while it holds no record", async () => {
    const admin = createKafka(bootstrap).admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: "empty", numPartitions: 2 }] });
    await admin.disconnect();
    const result = await runCli([...run("--messages", "0"), "--topic", "empty"]);
    expect(result.exitCode, result.stderr).toBe(2);
    expect(readVerdict(result).reasons.join()).toMatch(/empty cannot be used: none of its 2 partitions holds/);
  });

  it("ends the run, and not its memory, where a small batch would become hundreds of megabytes", async () => {
    const admin = createKafka(bootstrap).admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: "bomb", numPartitions: 1 }] });
    await admin.disconnect();
    const head = withAttributes(batchOf(0, [VALID]), 4).subarray(0, BATCH.records);
    const batch = Buffer.concat([head, zstdCompressSync(Buffer.alloc(300_000_000))]);
    batch.writeInt32BE(batch.length - 12, BATCH.length);
    sealBatch(batch, 0, batch.length);
    const peer = new Peer(Number(bootstrap.split(":")[1]));
    expect(await produceBatch(peer, { topic: "bomb", p: 0, batch })).toMatchObject({ errorCode: 0 });
    peer.close();
    const result = await runCli([...run("--messages", "0"), "--topic", "bomb"]);
    expect(result.exitCode, result.stderr).toBe(3);
    expect(readVerdict(result).reasons.join()).toMatch(
      /offset 0 of bomb-0 is not read: its \d+ bytes of zstd become more than 67108864 when decompressed/,
    );
  });

  it("passes with --allow-rejected", async () => {
    await runCli(run("--messages", "0", "--allow-rejected"), {}, async (cli, result) => {
      const report = await expectExit(cli, result, 0);
      expect(report.messages).toMatchObject({ processed: 2, rejected: 1 });
    });
  });
});
