/** `produce --kafka`: the producer without a host, from the command line to what stands in the topic. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ProductionResult } from "../../apphost/cli/production-result.ts";
import { createTopic } from "../../simulator/clients/kafka/admin.ts";
import { KafkaCluster } from "../../simulator/clients/kafka/cluster.ts";
import type { Ledger } from "../../simulator/common/contract/files/ledger.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { kafkaAt } from "../support/addresses.ts";
import { type Cli, type CliResult, runCli, startCli } from "../support/run-cli.ts";
import { startTestBroker, type TestBroker } from "./embedded-kafka-peer.ts";

let broker: TestBroker;
let bootstrap = "";
let folder = "";
beforeAll(async () => {
  broker = await startTestBroker();
  bootstrap = `127.0.0.1:${broker.port}`;
  folder = mkdtempSync(join(tmpdir(), "flink-apphost-produce-alone-"));
});
afterAll(async () => {
  await broker.close();
  rmSync(folder, { recursive: true, force: true });
});

const argsOf = (topic: string, messages: number, more: readonly string[]): string[] => [
  "produce",
  "--kafka",
  bootstrap,
  "--topic",
  topic,
  "--messages",
  String(messages),
  ...more,
];
const produce = (topic: string, messages: number, ...more: string[]): Promise<CliResult> =>
  runCli(argsOf(topic, messages, more), { cwd: folder });
const start = (topic: string, messages: number, ...more: string[]): Cli =>
  startCli(argsOf(topic, messages, more), { cwd: folder });
const readResult = ({ stdout }: CliResult): ProductionResult => JSON.parse(stdout) as ProductionResult;
const readLedgerOf = ({ ledgerPath }: ProductionResult): Ledger => JSON.parse(readFileSync(ledgerPath, "utf8"));

/** How many records stand in it. */
async function countRecords(topic: string): Promise<number> {
  const cluster = await KafkaCluster.open({ bootstrap: kafkaAt(bootstrap), clientId: "test" });
  try {
    const partitions = (await cluster.topic(topic, 5_000)).partitions.map((_, p) => p);
    const ends = await cluster.listOffsets(topic, partitions, "latest");
    return ends.reduce((sum, end) => sum + end, 0);
  } finally {
    cluster.close();
  }
}

describe("a topic", () => {
  it("is created where that is asked for, and appended to where it is there", async () => {
    const first = await produce("appended", 20_000, "--create-topic", "--partitions", "3", "--ui", "json");
    expect(first.exitCode, first.stderr).toBe(0);
    const result = readResult(first);
    expect(result).toMatchObject({ partitions: 3, wasCreated: true, usedBefore: 0, acknowledged: 20_000, unsent: 0 });
    expect(result.messagesPerSecond).toBeGreaterThan(0);
    const { p50, p95, p99, p999, max } = result.acknowledgeMs;
    const rising = [p50, p95, p99, p999, max].map(Number);
    expect([...rising].sort((a, b) => a - b)).toEqual(rising);
    expect(p50).toBeGreaterThan(0);
    expect(readLedgerOf(result)).toMatchObject({ outcome: "finished", topic: "appended", acknowledged: 20_000 });

    const second = await produce("appended", 1_000, "--compression", "gzip", "--message-size", "300");
    expect(second.exitCode, second.stderr).toBe(0);
    expect(second.stdout).toMatch(/^Topic: appended, 3 partitions, 20,000 offsets used before$/m);
    expect(second.stdout).toMatch(
      /^Messages: 1,000 requested, 1,000 acknowledged within .*; 300 bytes each, compress/m,
    );
    expect(second.stdout).toMatch(/^Acknowledged after: p50 [\d.]+ ms, p95 .*p99\.9 .* max [\d.,]+ ms$/m);
    expect(await countRecords("appended")).toBe(21_000);
  });

  it("that does not exist, or has other partitions, is refused: 2, and nothing is left", async () => {
    const before = readdirSync(join(folder, ".flink-apphost", "produced"));
    const missing = await produce("nowhere", 10);
    expect(missing.exitCode).toBe(2);
    expect(missing.stderr).toMatch(/topic nowhere cannot be used: it does not exist; .*add --create-topic/);
    const other = await produce("appended", 10, "--partitions", "4");
    expect(other.exitCode).toBe(2);
    expect(other.stderr).toMatch(/it has 3 partitions, and 4 were asked for/);
    expect(readdirSync(join(folder, ".flink-apphost", "produced"))).toEqual(before);
  });

  it("that takes no message of this size ends it with 3, the reason, and what was acknowledged", async () => {
    const log = createLog(() => undefined);
    const small = { topic: "small", partitions: 1, configs: { "max.message.bytes": "1000" } };
    await createTopic({ bootstrap: kafkaAt(bootstrap), log }, small);
    const refused = await produce("small", 10, "--message-size", "2000", "--ui", "json");
    expect(refused.exitCode, refused.stderr).toBe(3);
    expect(refused.stderr).toMatch(/flink-apphost: producer: .*MESSAGE_TOO_LARGE/s);
    expect(readResult(refused)).toMatchObject({ outcome: "gaveUp", acknowledged: 0, messages: 10, exitCode: 3 });
  });
});

/** Its log's first line has the pid: `… host  started, pid 123`. */
async function findProducer(name: string): Promise<number> {
  const produced = join(folder, ".flink-apphost", "produced");
  const look = () => {
    for (const one of readdirSync(produced).sort().reverse()) {
      const ledger = join(produced, one, "ledger-1.json");
      if (!existsSync(ledger) || (JSON.parse(readFileSync(ledger, "utf8")) as Ledger).topic !== name) continue;
      const pid = /started, pid (\d+)/.exec(readFileSync(join(produced, one, "logs", "producer.log"), "utf8"))?.[1];
      return pid === undefined ? undefined : Number(pid);
    }
    return undefined;
  };
  return waitUntil(look, { what: `the producer of ${name}`, deadlineMs: 20_000 });
}

describe("its end", () => {
  it("by SIGKILL of the producer is none: it goes on, and each message is there once", async () => {
    const cli = start("killed", 20_000, "--create-topic", "--rate", "10000", "--ui", "json");
    process.kill(await findProducer("killed"), "SIGKILL");
    const ended = await cli.end();
    expect(ended.exitCode, ended.stderr).toBe(0);
    expect(ended.stderr).toMatch(/the producer ended with signal SIGKILL, and is started again/);
    expect(readResult(ended)).toMatchObject({ acknowledged: 20_000, restarts: 1 });
    expect(await countRecords("killed")).toBe(20_000);
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("by %s tells what was acknowledged, with %i", async (signal, exitCode) => {
    const topic = `stopped-${signal}`;
    const cli = start(topic, 1_000_000, "--create-topic", "--rate", "10000", "--ui", "json");
    await findProducer(topic);
    cli.process.kill(signal);
    const ended = await cli.end();
    expect(ended.exitCode, ended.stderr).toBe(exitCode);
    const result = readResult(ended);
    expect(result).toMatchObject({ outcome: "stopped", unknown: 0, exitCode });
    expect(result.unsent).toBeGreaterThan(900_000);
    expect(await countRecords(topic)).toBe(result.acknowledged);
  });
});
