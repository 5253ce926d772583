/** Lines of logs: times of several programs, which logs are meant, and how a line looks. */
import { describe, expect, it } from "vitest";
import { createSearch, formatLogLine, readLogLine, selectLogs } from "../../../../apphost/cli/log-lines.ts";

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
    expect(formatLogLine(line, { nameWidth: 0, timestamps: false })).toBe("info  serves");
    expect(formatLogLine(line, { nameWidth: 8, timestamps: true })).toBe(
      "kafka    | 2026-11-22T18:24:24.123Z info  serves",
    );
  });
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
