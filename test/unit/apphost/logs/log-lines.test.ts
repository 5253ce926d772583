/** Lines of logs: times of several programs, which logs are meant, and how a line looks. */
import { describe, expect, it } from "vitest";
import {
  colorOf,
  createSearch,
  formatLogLine,
  isSince,
  readLogLine,
  selectLogs,
} from "../../../../apphost/logs/log-lines.ts";
import { pointInTime } from "../../../../apphost/option-values.ts";

describe("the time of a line", () => {
  it("is its own, however its program writes it", () => {
    const atMs = Date.UTC(2026, 10, 22, 18, 24, 24, 123);
    expect(readLogLine("a", "2026-11-22T18:24:24.123Z info  serves", null)).toEqual({
      resource: "a",
      text: "info  serves",
      timeMs: atMs,
    });
    const localMs = new Date(2026, 10, 22, 18, 24, 24, 123).getTime();
    const kafka = "[2026-11-22 18:24:24,123] INFO Kafka Server started";
    expect(readLogLine("kafka", kafka, null)).toEqual({ resource: "kafka", text: kafka, timeMs: localMs });
    expect(readLogLine("redis", "4711:M 22 Nov 2026 18:24:24.123 * Ready", null).timeMs).toBe(localMs);
  });

  it("is that of the line before, for a line of a stack trace and for what only looks like a time", () => {
    expect(readLogLine("a", "    at somewhere", 5).timeMs).toBe(5);
    expect(readLogLine("a", "[2026-99-99 18:24:24,123] INFO", 5).timeMs).toBe(5);
    expect(readLogLine("a", "    at somewhere", null).timeMs).toBeNull();
  });

  it("is shown when it is asked for, after the name", () => {
    const line = readLogLine("kafka", "2026-11-22T18:24:24.123Z info  serves", null);
    const paintName = (_: string, text: string) => text;
    expect(formatLogLine(line, { nameWidth: 0, timestamps: false, paintName })).toBe("info  serves");
    expect(formatLogLine(line, { nameWidth: 8, timestamps: true, paintName })).toBe(
      "kafka    | 2026-11-22T18:24:24.123Z info  serves",
    );
  });
});

describe("what is not older than a time", () => {
  it("is known of a line with a time, its followers included; a line without any is shown", () => {
    const line = readLogLine("a", "2026-11-22T18:24:24.123Z info  serves", null);
    const atMs = Date.UTC(2026, 10, 22, 18, 24, 24, 123);
    expect([isSince(line, atMs), isSince(line, atMs + 1), isSince(line, null)]).toEqual([true, false, true]);
    expect(isSince(readLogLine("a", "    at somewhere", line.timeMs), atMs + 1)).toBe(false);
    expect(isSince(readLogLine("a", "words of a user's program", null), atMs)).toBe(true);
  });

  it.each([
    ["5m", { kind: "ago", agoMs: 300_000 }],
    ["2h", { kind: "ago", agoMs: 7_200_000 }],
    ["2026-11-22T18:24Z", { kind: "at", timeMs: Date.UTC(2026, 10, 22, 18, 24) }],
    ["2026-11-22T18:24:24.5+01:00", { kind: "at", timeMs: Date.UTC(2026, 10, 22, 17, 24, 24, 500) }],
    ["2026-11-22 18:24", { kind: "at", timeMs: new Date(2026, 10, 22, 18, 24).getTime() }],
    ["2026-11-22", { kind: "at", timeMs: new Date(2026, 10, 22).getTime() }],
  ])("is given as %s", (text, expected) => {
    expect(pointInTime.read(text)).toEqual(expected);
  });

  it.each(["5", "", "yesterday", "2026-02-31", "2026-11-22T25:00", "18:24", "5m ago", "-5m"])("is not %j", (text) => {
    expect(pointInTime.read(text)).toBeUndefined();
  });
});

it("gives neighbours of a group, and the servers, different colours", () => {
  const names = Array.from({ length: 21 }, (_, index) => `taskmanager-${String(index + 1).padStart(2, "0")}`);
  for (const [index, name] of names.slice(0, -1).entries()) {
    expect(colorOf(name), name).not.toBe(colorOf(names[index + 1] as string));
  }
  expect(new Set(["jobmanager", "kafka", "redis"].map(colorOf)).size).toBe(3);
});

it("means all logs, those that are named, and a group's members", () => {
  const logs = ["flink-job-simulator", "kafka", "kafka-ui", "taskmanager-01", "taskmanager-02"];
  expect(selectLogs(logs, [])).toEqual({ selected: logs, unknown: [] });
  expect(selectLogs(logs, ["taskmanager", "kafka"])).toEqual({
    selected: ["kafka", "taskmanager-01", "taskmanager-02"],
    unknown: [],
  });
  expect(selectLogs(logs, ["taskmanager-01", "taskmanager-1", "flink"])).toEqual({
    selected: ["taskmanager-01"],
    unknown: ["taskmanager-1", "flink"],
  });
});

it("finds text in whatever case, and as text", () => {
  expect(["an ERROR", "error", "fine"].filter(createSearch("Error"))).toEqual(["an ERROR", "error"]);
  expect(["a.c", "abc"].filter(createSearch("a.c"))).toEqual(["a.c"]);
  expect(["anything"].filter(createSearch(null))).toEqual(["anything"]);
});
