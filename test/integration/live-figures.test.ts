/** What a run tells while it goes on, from real processes: figures, usage, checks, and a fault with its recovery. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { applyEvent, EMPTY_SNAPSHOT } from "../../apphost/snapshot/snapshot.ts";
import type { HostEvent, UsageEvent } from "../../simulator/common/contract/events.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { type Cli, runCli, withCli } from "../support/run-cli.ts";
import { ONCE } from "../support/system.ts";

const MESSAGES = 100_000;
/** The whole of it is processed between two ticks of the progress. */
const SHORT = ["--messages", String(MESSAGES), "--task-managers", "4"];

const select = <T extends HostEvent["type"]>(events: readonly HostEvent[], type: T) =>
  events.filter((event): event is Extract<HostEvent, { type: T }> => event.type === type);
const byId = <T extends { readonly id: string }>(checks: readonly T[]): readonly T[] =>
  checks.toSorted((a, b) => (a.id < b.id ? -1 : 1));

async function readUsage(cli: Cli): Promise<readonly UsageEvent[]> {
  const lines = readFileSync(runFolder.metrics(await cli.runDir()), "utf8")
    .trim()
    .split("\n");
  return lines.map((line) => JSON.parse(line) as UsageEvent).filter(({ type }) => type === "usage");
}

describe("a short run", () => {
  it("tells all that was produced before its verdict, each check, and what its processes used (json)", async () => {
    await runCli([...ONCE, ...SHORT], {}, async (cli, { exitCode, stdout }) => {
      expect(exitCode).toBe(0);
      const events = stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as HostEvent);
      const progress = select(events, "progress");
      const all = { requested: MESSAGES, produced: MESSAGES, processed: MESSAGES, lag: 0 };
      expect(progress.at(-1)).toMatchObject(all);
      const verdictAtUs = select(events, "verdict").at(-1)?.atUs ?? 0;
      expect(progress.findLast(({ atUs }) => atUs <= verdictAtUs)).toMatchObject(all);
      const { checks } = await cli.report();
      const told = select(events, "check").map(({ check }) => check);
      expect(byId(told)).toEqual(byId(checks));
      expect(select(events, "validation").at(-1)?.step).toBe("comparing");
      expect(events.some(({ type }) => type === "usage")).toBe(false);
      expect((await cli.events()).some(({ type }) => type === "usage")).toBe(false);
      const names = new Set((await readUsage(cli)).flatMap(({ processes }) => processes.map(({ name }) => name)));
      expect([...names]).toEqual(expect.arrayContaining(["host", "kafka", "redis", "jobmanager", "taskmanager-04"]));
    });
  });

  it("tells all that was produced before its verdict (plain)", async () => {
    const { exitCode, stdout } = await runCli(["up", "--once", "--infra", "embedded", "--ui", "plain", ...SHORT]);
    expect(exitCode).toBe(0);
    const lines = stdout.split("\n").filter((line) => /^ *[\d.]+s +(progress|verdict) /.test(line));
    const verdict = lines.findIndex((line) => line.includes(" verdict "));
    const all = /produced 100,000 of 100,000 +processed 100,000 .* lag +0 /;
    expect(lines[verdict - 1]).toMatch(all);
    // What comes after it, as a rate that is 0 again, takes nothing back.
    expect(lines.slice(verdict + 1).filter((line) => !all.test(line))).toEqual([]);
  });
});

it("tells a fault when it happens, and once more with the time until its target was back", async () => {
  const load = ["--messages", "300000", "--rate", "100000", "--task-managers", "3"];
  await withCli([...ONCE, ...load], async (cli) => {
    const isTarget = ({ name }: { readonly name: string }) => name === "taskmanager-02";
    await cli.waitForEvent("progress", ({ processed }) => processed > 0);
    const { pid } = await cli.waitForEvent("resource", (event) => isTarget(event) && event.state === "running");
    process.kill(pid as number, "SIGKILL");
    expect((await cli.end()).exitCode).toBe(0);
    const events = await cli.events();
    const faults = select(events, "fault").map(({ fault }) => fault);
    const { faults: reported } = await cli.report();
    expect(reported).toMatchObject([{ target: "taskmanager-02", recoveredAfterMs: expect.any(Number) }]);
    expect(faults).toEqual([{ ...reported[0], recoveredAfterMs: null }, reported[0]]);
    const snapshot = events.reduce(applyEvent, EMPTY_SNAPSHOT);
    expect(snapshot.faults).toBe(1);
    const { target, recoveredAfterMs } = reported[0] ?? {};
    expect(snapshot.recoveries).toMatchObject([{ target, recoveredAfterMs }]);
    expect(snapshot.marks.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(["round", "fault", "restart", "recovered"]),
    );
  });
});
