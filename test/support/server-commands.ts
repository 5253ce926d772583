/** Commands on Kafka and Redis of a run under load: native or in containers, both come back with their data. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { untilProcessed } from "./faults.ts";
import { type Cli, runCli } from "./run-cli.ts";
import { expectExit } from "./system.ts";

/** A command may wait for a broker that recovers its log on a busy machine. */
const COMMAND_DEADLINE_MS = 150_000;
/** For longer than a TaskManager may be silent, and shorter than anybody waits for a server. */
const PAUSED_MS = 6_000;

/** Of the faults of a run whose servers were paused: kind, target, and whether it was planned. */
export const PAUSES = [
  ["paused", "kafka", true],
  ["paused", "redis", true],
] as const;

export const loadOf = (infra: string, messages: number, rate: number): string[] => [
  "up",
  "--once",
  "--ui",
  "json",
  "--infra",
  infra,
  "--task-managers",
  "4",
  "--messages",
  String(messages),
  "--rate",
  String(rate),
];

export async function expectDone(cli: Cli, ...command: string[]): Promise<void> {
  const { exitCode, stderr } = await runCli(command, { cwd: cli.cwd, deadlineMs: COMMAND_DEADLINE_MS });
  expect(exitCode, `${command.join(" ")}: ${stderr}`).toBe(0);
}

/** Each of both, so that none of the two is ever the only one that was away. */
export async function restartStopAndStart(cli: Cli): Promise<void> {
  for (const name of ["kafka", "redis"]) {
    await expectDone(cli, "restart", name);
    await expectDone(cli, "stop", name);
    await expectDone(cli, "start", name);
  }
}

export async function pauseAndResume(cli: Cli): Promise<void> {
  await expectDone(cli, "pause", "kafka", "redis");
  await sleep(PAUSED_MS);
  await expectDone(cli, "resume", "kafka", "redis");
}

/** Ends a run whose servers are paused: they hear the end like all others, and none has to be killed. */
export async function leavePaused(cli: Cli): Promise<void> {
  await untilProcessed(cli, 5_000);
  await expectDone(cli, "pause", "kafka", "redis");
  process.kill(cli.pid, "SIGINT");
  const report = await expectExit(cli, await cli.end(), 130);
  expect(report.messages).toMatchObject({ lost: 0, duplicated: 0 });
  expect(report.messages.processed).toBeGreaterThan(0);
  const exits = (await cli.events()).filter((event) => event.type === "exit");
  expect(exits.filter(({ detail }) => /SIGKILL|137/.test(detail))).toEqual([]);
}
