import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { startJsonOutput } from "../../../../apphost/dashboard/json-output.ts";
import { startOutput } from "../../../../apphost/dashboard/output.ts";
import { formatProgress, startPlainOutput, startStopWords } from "../../../../apphost/dashboard/plain-output.ts";
import { resolveUiMode } from "../../../../apphost/dashboard/ui-mode.ts";
import { createEventFeed, type EventFeed } from "../../../../apphost/run/event-feed.ts";
import { describeVerdict, verdictLevel } from "../../../../apphost/snapshot/event-text.ts";
import type { HostEvent, HostEventBody } from "../../../../simulator/common/contract/events.ts";
import type { Check } from "../../../../simulator/common/contract/files/report.ts";
import {
  SAMPLE_START_US,
  type SampleOptions,
  sampleEvents,
  sampleProgress,
  sampleResource,
} from "../../../support/sample-events.ts";

/** Of a run that failed before anything could be counted. */
const bareVerdict: HostEventBody & { type: "verdict" } = {
  type: "verdict",
  verdict: "failed",
  exitCode: 3,
  reasons: [],
  runId: "",
  report: "",
  rounds: 0,
  processed: null,
  notCounted: null,
  lost: null,
  duplicated: null,
  endToEndPerSecond: null,
  checks: { passed: 0, failed: 0, unknown: 0, notApplicable: 12 },
};

/** A feed whose clock is the events' own. */
function createSampleFeed(): { feed: EventFeed; play: (events: readonly HostEvent[]) => void } {
  let nowUs = SAMPLE_START_US;
  const feed = createEventFeed({
    clock: { nowUs: () => nowUs },
    append: () => undefined,
    appendMetrics: () => undefined,
  });
  return {
    feed,
    play(events) {
      for (const { atUs, ...body } of events) {
        nowUs = atUs;
        feed.emit(body as HostEventBody);
      }
    },
  };
}

async function playPlain(options: SampleOptions, summaryOnly = false): Promise<string[]> {
  const lines: string[] = [];
  const { feed, play } = createSampleFeed();
  const output = startPlainOutput({ feed, write: (line) => lines.push(line), summaryOnly });
  play(sampleEvents(options));
  await output.close();
  return lines;
}

describe("words on standard error while stopping", () => {
  const steps = (waitedMs: number): HostEvent[] => [
    { atUs: SAMPLE_START_US, type: "phase", phase: "stopping", detail: "" },
    { atUs: SAMPLE_START_US, type: "waiting", for: "the final checkpoint", waitedMs: 0, deadlineMs: 15_000 },
    { atUs: SAMPLE_START_US, type: "stopping", names: ["kafka"], waitedMs, budgetMs: 10_000 },
  ];
  const listen = (events: readonly HostEvent[]) => {
    const lines: string[] = [];
    const { feed, play } = createSampleFeed();
    startStopWords(feed, (line) => lines.push(line));
    play(events);
    return lines;
  };

  it("name who is waited for, once somebody asked to stop", () => {
    expect(listen([{ atUs: SAMPLE_START_US, type: "stopRequested", signal: "SIGINT" }, ...steps(0)])).toEqual([
      "flink-apphost: asked to stop: ending in order; another Ctrl+C kills everything at once",
      "flink-apphost: waiting for the final checkpoint, at most 15 s",
      "flink-apphost: waiting for kafka to end, at most 10 s",
    ]);
  });

  it("are not said at the quick end of a run by itself, but at a slow one", () => {
    expect(listen(steps(0))).toEqual([]);
    expect(listen(steps(2_000))).toEqual(["flink-apphost: waiting for kafka to end, 2 s of at most 10 s"]);
  });
});

describe("plain output", () => {
  it("says each change once, in columns, and the progress with thousands separators", async () => {
    const lines = await playPlain({});
    expect(lines).toContain(`    2.9s  ${"kafka".padEnd(19)}  running, healthy, 127.0.0.1:41234`);
    const progress = lines.filter((line) => line.includes("  progress "));
    expect(progress).toHaveLength(4);
    expect(progress[1]).toContain(
      "produced  4,400,000 of 10,000,000  processed  4,000,000  1,093,827/s  lag    400,000",
    );
    // The columns stay where they are while the numbers grow.
    expect(new Set(progress.map((line) => line.indexOf("lag"))).size).toBe(1);
    expect(lines.filter((line) => line.includes("taskmanager"))).toHaveLength(1);
  });

  it("ends with a durable summary", async () => {
    const lines = await playPlain({});
    const summary = lines.slice(lines.indexOf("") + 1);
    expect(summary[0]).toBe(
      "PASSED: 10,000,000 messages processed, 0 lost, 0 duplicated, 1,234,567/s, checks 20 passed, 0 failed, 1 not applicable",
    );
    expect(summary).toContain("  kafka   native 4.3.0 at 127.0.0.1:41234");
    expect(summary).toContain("  report  .flink-apphost/runs/20261122-180000-ab12cd/report.json");
  });

  it("names the reasons of a failure", async () => {
    const lines = await playPlain({ passed: false }, true);
    expect(lines[0]).toMatch(/^FAILED \(exit 4\): 9,999,999 messages processed, 1 lost/);
    expect(lines[1]).toBe("  reason  partition-counts: expected 500,000, found 499,999 in partition 7");
  });

  it("shows the cause of a failed start once, with the last lines of what failed, and nothing as a sign", async () => {
    const lines: string[] = [];
    const { feed, play } = createSampleFeed();
    const output = startPlainOutput({ feed, write: (line) => lines.push(line), summaryOnly: true });
    const cause = "kafka ended with exit code 1; its last lines:\nfirst\njava.lang.OutOfMemoryError";
    const kafka = sampleResource("kafka", "kafka", "failedToStart");
    play(
      [
        { ...kafka, reason: "exit code 1" } as HostEventBody,
        { type: "notice", level: "error", resource: "host", text: cause } as const,
        { ...bareVerdict, reasons: [cause] },
      ].map((body) => ({ atUs: SAMPLE_START_US, ...body })),
    );
    await output.close();
    expect(lines).toEqual([
      "FAILED (exit 3): how many messages were processed is not known, nothing was checked",
      "  reason  kafka ended with exit code 1; its last lines:",
      "    | first",
      "    | java.lang.OutOfMemoryError",
      "  failed  kafka",
    ]);
  });

  it("shows the figures of the event as they are, and none of its own", () => {
    const event = { ...sampleProgress(0.5), acknowledged: 1, produced: 5_000_000, lag: 7 };
    expect(formatProgress(event)).toMatch(
      /^produced {2}5,000,000 of 10,000,000 {2}processed {2}5,000,000 .* lag +7 .* checkpoint 3$/,
    );
    // Nothing of ours is produced into somebody else's topic.
    expect(formatProgress({ ...event, round: 0 })).toMatch(/^processed {2}5,000,000 of 10,000,000 /);
  });

  it("says every few seconds how far a long validation is, and nothing of a short one", async () => {
    const lines: string[] = [];
    const { feed, play } = createSampleFeed();
    const output = startPlainOutput({ feed, write: (line) => lines.push(line), summaryOnly: false });
    const validate = (beginMs: number, seconds: number) => {
      const at = (ms: number) => SAMPLE_START_US + 1_000 * (beginMs + ms);
      const step = "reading the topic again";
      const total = 40_000_000;
      play([{ atUs: at(0), type: "phase", phase: "validating", detail: "" }]);
      for (let i = 0; i <= 4 * seconds; i += 1) {
        play([{ atUs: at(250 * i), type: "validation", step, done: 1_000_000 * i, total }]);
      }
    };
    validate(0, 2);
    validate(60_000, 7);
    await output.close();
    expect(lines.filter((line) => line.includes("reading the topic"))).toEqual([
      "   63.0s  validation           reading the topic again: 12,000,000 of 40,000,000 offsets (30%)",
      "   66.0s  validation           reading the topic again: 24,000,000 of 40,000,000 offsets (60%)",
    ]);
  });

  it("says of a failed check once why, at once and in the end", async () => {
    const lines: string[] = [];
    const { feed, play } = createSampleFeed();
    const output = startPlainOutput({ feed, write: (line) => lines.push(line), summaryOnly: false });
    const found = { id: "I2-total", title: "the total is the sum", status: "failed", reason: "partition 7 differs" };
    const reasons = [`${found.title} (${found.id}): ${found.reason}`];
    play([
      { atUs: SAMPLE_START_US, type: "check", check: found as Check },
      { atUs: SAMPLE_START_US, ...bareVerdict, reasons },
    ]);
    await output.close();
    const [first, summary] = [lines.slice(0, lines.indexOf("")), lines.slice(lines.indexOf(""))];
    expect(first.join()).toContain("ERROR I2-total failed: partition 7 differs");
    expect(summary.filter((line) => line.includes("partition 7 differs"))).toHaveLength(1);
  });

  it("counts checkpoints as a person does", () => {
    const of = (lastCheckpointId: number) => formatProgress({ ...sampleProgress(0.5), lastCheckpointId });
    expect(of(0)).toMatch(/ {2}no checkpoint$/);
    expect(of(1_000_001)).toMatch(/ {2}checkpoint 1$/);
    expect(of(2_001_234)).toMatch(/ {2}checkpoint 1,234 of JobManager 2$/);
  });

  it("never calls a run without a verdict anything else", async () => {
    const lines: string[] = [];
    const { feed, play } = createSampleFeed();
    const output = startPlainOutput({ feed, write: (line) => lines.push(line), summaryOnly: true });
    play(sampleEvents().slice(0, 10));
    await output.close();
    expect(lines[0]).toBe("ENDED WITHOUT A VERDICT in phase starting");
  });

  it("stays silent while nothing moves", () => {
    const lines: string[] = [];
    const { feed, play } = createSampleFeed();
    startPlainOutput({ feed, write: (line) => lines.push(line), summaryOnly: false });
    const progress: HostEvent = { atUs: SAMPLE_START_US, ...sampleProgress(1) };
    // A checkpoint each second is no news.
    play([progress, progress, { ...progress, lastCheckpointId: progress.lastCheckpointId + 1 }]);
    expect(lines).toHaveLength(1);
  });

  it("quiet prints the summary alone", async () => {
    const lines = await playPlain({}, true);
    expect(lines[0]).toMatch(/^PASSED/);
    expect(lines.length).toBeLessThan(8);
  });
});

describe("JSON output", () => {
  async function playJson(events: readonly HostEvent[]): Promise<HostEvent[]> {
    const lines: string[] = [];
    const { feed, play } = createSampleFeed();
    const output = startJsonOutput({ feed, write: (line) => lines.push(line) });
    play(events);
    await output.close();
    return lines.map((line) => JSON.parse(line) as HostEvent);
  }
  const stopping: HostEvent = { atUs: SAMPLE_START_US + 1e9, type: "phase", phase: "stopping", detail: "" };
  const idle: HostEvent = { atUs: SAMPLE_START_US + 1e9, type: "phase", phase: "idle", detail: "" };

  it("prints every event, and the verdict last although the stop came after it", async () => {
    const events = sampleEvents();
    const printed = await playJson([...events, stopping]);
    expect(printed).toHaveLength(events.length + 1);
    expect(printed.at(-1)?.type).toBe("verdict");
    expect(printed.filter((event) => event.type === "verdict")).toHaveLength(1);
  });

  it("prints a verdict at once when the host stays up, and repeats it at the end", async () => {
    const printed = await playJson([...sampleEvents(), idle, stopping]);
    expect(printed.slice(-4).map((event) => event.type)).toEqual(["verdict", "phase", "phase", "verdict"]);
  });
});

describe("the words for a verdict", () => {
  const describeIt = (change: Partial<typeof bareVerdict>) => describeVerdict({ ...bareVerdict, ...change });

  it("of which nothing is known to be wrong, and not everything is known", () => {
    const checks = { passed: 12, failed: 0, unknown: 8, notApplicable: 1 };
    expect(describeIt({ verdict: "unknown", processed: 1_000, checks })).toBe(
      "UNKNOWN (exit 3): 1,000 messages processed, checks 12 passed, 0 failed, 8 unknown, 1 not applicable",
    );
    const nothing = { passed: 0, failed: 0, unknown: 0, notApplicable: 0 };
    expect(describeIt({ checks: nothing })).toContain("nothing was checked");
    expect(describeIt({ checks: { ...nothing, unknown: 3 } })).toContain("3 unknown");
  });

  it("on somebody else's topic names what was not counted, if there is any", () => {
    const checks = { passed: 20, failed: 0, unknown: 0, notApplicable: 7 };
    const passed = { verdict: "passed", exitCode: 0, processed: 500, checks } as const;
    expect(describeIt({ ...passed, notCounted: 72 })).toBe(
      "PASSED: 500 messages processed, 72 offsets not counted, checks 20 passed, 0 failed, 7 not applicable",
    );
    expect(describeIt({ ...passed, notCounted: 0 })).not.toContain("not counted");
  });

  it("say from the second round on that all rounds are counted", () => {
    const passed = { verdict: "passed", exitCode: 0, processed: 2_000, lost: 0, duplicated: 0 } as const;
    expect(describeIt({ ...passed, rounds: 1 })).toMatch(/^PASSED: 2,000 messages processed, 0 lost/);
    expect(describeIt({ ...passed, rounds: 2 })).toMatch(/^PASSED: 2,000 messages of all 2 rounds processed, 0 lost/);
  });

  it("warn of one that is unknown, and call neither it nor an interrupted one a pass", () => {
    const levels = (["passed", "failed", "unknown", "interrupted"] as const).map(verdictLevel);
    expect(levels).toEqual(["info", "error", "warn", "error"]);
  });
});

describe("the choice of an output", () => {
  const terminal = { stdin: { isTTY: true }, stdout: { isTTY: true } } as never as Parameters<typeof resolveUiMode>[0];
  const pipe = { stdin: { isTTY: true }, stdout: { isTTY: false } } as never as Parameters<typeof resolveUiMode>[0];

  it("auto is the dashboard on a terminal, and plain everywhere else", () => {
    expect(resolveUiMode({ ...terminal, ui: "auto", env: {} })).toBe("tui");
    expect(resolveUiMode({ ...terminal, ui: "auto", env: { CI: "true" } })).toBe("plain");
    expect(resolveUiMode({ ...terminal, ui: "auto", env: { TERM: "dumb" } })).toBe("plain");
    expect(resolveUiMode({ ...terminal, ui: "auto", env: { INK_SCREEN_READER: "true" } })).toBe("plain");
    expect(resolveUiMode({ ...terminal, ui: "tui", env: { INK_SCREEN_READER: "true" } })).toBe("tui");
    expect(resolveUiMode({ ...pipe, ui: "auto", env: {} })).toBe("plain");
  });

  it("keeps what was asked for, and says why the dashboard is impossible without a terminal", () => {
    expect(resolveUiMode({ ...terminal, ui: "json", env: {} })).toBe("json");
    expect(() => resolveUiMode({ ...pipe, ui: "tui", env: {} })).toThrow(/--ui tui needs a terminal/);
  });
});

it("says at the end what to type next, where there is something to look for", async () => {
  expect((await playPlain({}, true)).filter((line) => line.startsWith("  next"))).toEqual([
    "  next    flink-apphost report --open --run 20261122-180000-ab12cd",
  ]);
});

describe("standard output that is lost (O1)", () => {
  const play = async (code: string | null) => {
    const written: string[] = [];
    const stdout = new Writable({
      decodeStrings: false,
      write(line: string, _encoding, callback) {
        written.push(line);
        // The first lines find room.
        const isLost = code !== null && written.length > 2;
        callback(isLost ? Object.assign(new Error(`${code}: write`), { code }) : null);
      },
    }) as NodeJS.WriteStream;
    const losses: string[] = [];
    const onLost = ({ message }: NodeJS.ErrnoException) => void losses.push(message);
    const { feed, play: playEvents } = createSampleFeed();
    const output = startOutput({ ui: "quiet", feed, stdout, stderr: stdout, env: {}, onLost });
    playEvents(sampleEvents());
    await output.close();
    return { lines: written.length, losses, failure: output.failure?.message ?? null };
  };

  it("is told once, and is a failure where the disk is full, also when that is known only after the last line", async () => {
    expect(await play("ENOSPC")).toEqual({ lines: 3, losses: ["ENOSPC: write"], failure: "ENOSPC: write" });
  });

  it("is told once, and is none where its reader has enough", async () => {
    expect(await play("EPIPE")).toEqual({ lines: 3, losses: ["EPIPE: write"], failure: null });
  });

  it("is not told of where all was written", async () => {
    expect(await play(null)).toMatchObject({ losses: [], failure: null });
  });
});
