/** What the tests of the whole system share: how a run is started, what a pass is, and hands on its Kafka and Redis. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { Kafka, logLevel } from "kafkajs";
import { expect } from "vitest";
import type { HostEvent } from "../../simulator/common/contract/events.ts";
import type { Report } from "../../simulator/common/contract/files/report.ts";
import { type Cli, type CliResult, runCli } from "./run-cli.ts";

/** A run on the embedded servers that ends with its verdict. */
export const ONCE = ["up", "--once", "--infra", "embedded", "--ui", "json"] as const;

/** Fails with what the run itself said. */
export async function expectExit(cli: Cli, result: CliResult, exitCode: number): Promise<Report> {
  expect(result.exitCode, `${lastEvents(result.stdout)}\n${result.stderr.slice(-3_000)}`).toBe(exitCode);
  const report = await cli.report();
  expect(report.exitCode).toBe(exitCode);
  return report;
}

const lastEvents = (stdout: string): string =>
  stdout
    .split("\n")
    .filter((line) => !line.includes('"type":"progress"'))
    .slice(-15)
    .join("\n");

/** A pass is exit 0, equal counts everywhere, and checks of which none failed and none passed on nothing. */
export async function expectPassed(cli: Cli, result: CliResult, messages: number): Promise<Report> {
  const report = await expectExit(cli, result, 0);
  expect(report.verdict).toBe("passed");
  expect(report.reasons).toEqual([]);
  expect(report.messages).toEqual({
    requested: messages,
    acknowledged: messages,
    inKafka: messages,
    processed: messages,
    rejected: 0,
    unprocessed: 0,
    notCounted: 0,
    lost: 0,
    duplicated: 0,
    outOfOrder: 0,
  });
  expect(report.checks.filter(({ status }) => status === "failed" || status === "unknown")).toEqual([]);
  const passed = report.checks.filter((check) => check.status === "passed");
  expect(passed.length).toBeGreaterThan(0);
  expect(passed.filter((check) => check.examined === 0)).toEqual([]);
  expect(report.partitions.reduce((sum, partition) => sum + partition.count, 0)).toBe(messages);
  return report;
}

/** The last line of a JSON output, which is the verdict. */
export function readVerdict(result: CliResult): Extract<HostEvent, { type: "verdict" }> {
  const events = result.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as HostEvent);
  const last = events.at(-1);
  if (last?.type !== "verdict") throw new Error(`the last line is no verdict: ${JSON.stringify(last)}`);
  return last;
}

/** The variables that `flink-apphost env` prints for the run of this folder. */
export async function readRunVariables(cwd: string): Promise<Readonly<Record<string, string>>> {
  const { stdout, exitCode, stderr } = await runCli(["env"], { cwd });
  expect(exitCode, stderr).toBe(0);
  const variables: Record<string, string> = {};
  for (const line of stdout.split("\n")) {
    const match = /^(?:export )?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line);
    if (match !== null) variables[match[1] as string] = (match[2] as string).replace(/^(['"])(.*)\1$/, "$2");
  }
  return variables;
}

export async function withRedis<T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1 });
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

export const createKafka = (bootstrap: string): Kafka =>
  new Kafka({ clientId: "test", brokers: [bootstrap], logLevel: logLevel.NOTHING });

/** One record from somebody else, by a stock client. */
export async function sendRecord(bootstrap: string, topic: string, partition: number, value: string): Promise<void> {
  const producer = createKafka(bootstrap).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    await producer.send({ topic, messages: [{ partition, value }] });
  } finally {
    await producer.disconnect();
  }
}

/** Waits until a host with `--test-hold before-validation` holds, and returns the run's folder. */
export async function waitForHold(cli: Cli): Promise<string> {
  await cli.waitForEvent("waiting", (event) => event.for.includes("hold"));
  return cli.runDir();
}

export async function releaseHold(cli: Cli): Promise<void> {
  writeFileSync(join(await cli.runDir(), "hold-released"), "");
}
