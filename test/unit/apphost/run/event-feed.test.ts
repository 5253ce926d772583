import { describe, expect, it } from "vitest";
import { createEventFeed } from "../../../../apphost/run/event-feed.ts";
import type { HostEvent, RunPhase } from "../../../../simulator/common/contract/events.ts";

function createFeed() {
  const lines: string[] = [];
  const metricsLines: string[] = [];
  let nowUs = 1_000;
  const feed = createEventFeed({
    clock: { nowUs: () => nowUs++ },
    append: (line) => lines.push(line),
    appendMetrics: (line) => metricsLines.push(line),
  });
  const notice = (text: string) => feed.emit({ type: "notice", level: "info", resource: "kafka", text });
  const use = (cpuPercent: number) =>
    feed.emit({ type: "usage", processes: [], machine: { cpuPercent, memoryPercent: 5 } });
  const go = (phase: RunPhase) => feed.emit({ type: "phase", phase, detail: "" });
  return { feed, lines, metricsLines, notice, use, go };
}

const textOf = (event: HostEvent) => (event.type === "notice" ? event.text : event.type);

describe("the event feed", () => {
  it("F1 stamps an event and appends it as one line before it is shown", () => {
    const { feed, lines, notice } = createFeed();
    let linesWhenShown = 0;
    feed.subscribe(() => {
      linesWhenShown = lines.length;
    });
    notice("first");
    expect(linesWhenShown).toBe(1);
    expect(lines).toEqual(['{"atUs":1000,"type":"notice","level":"info","resource":"kafka","text":"first"}\n']);
  });

  it("F2 replays the newest 1,000 to a late listener, in order, then goes on live", () => {
    const { feed, notice } = createFeed();
    for (let i = 0; i < 1_500; i += 1) notice(String(i));
    const seen: string[] = [];
    feed.subscribe((event) => seen.push(textOf(event)));
    notice("live");
    expect(seen).toHaveLength(1_001);
    expect(seen[0]).toBe("500");
    expect(seen.at(-2)).toBe("1499");
    expect(seen.at(-1)).toBe("live");
  });

  it("F3 appends what processes use to the metrics, and only shows it while the host is idle", () => {
    const { feed, lines, metricsLines, use, go } = createFeed();
    const shown: number[] = [];
    feed.subscribe((event) => event.type === "usage" && shown.push(event.machine.cpuPercent));
    use(1);
    go("idle");
    use(2);
    go("producing");
    use(3);
    expect(shown).toEqual([1, 2, 3]);
    expect(metricsLines.map((line) => (JSON.parse(line) as { machine: { cpuPercent: number } }).machine)).toEqual([
      { cpuPercent: 1, memoryPercent: 5 },
      { cpuPercent: 3, memoryPercent: 5 },
    ]);
    expect(metricsLines[0]).toMatch(/^\{"atUs":1000,"type":"usage".*\}\n$/);
    expect(lines.join("")).not.toContain("usage");
    const late: string[] = [];
    feed.subscribe((event) => late.push(event.type));
    expect(late).toEqual(["phase", "phase"]);
  });

  it("sends nothing to a listener that left", () => {
    const { feed, notice } = createFeed();
    const seen: string[] = [];
    const leave = feed.subscribe((event) => seen.push(textOf(event)));
    notice("a");
    leave();
    notice("b");
    expect(seen).toEqual(["a"]);
  });
});
