import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  drawMetrics,
  METRICS_PARTS,
  type MetricsInput,
} from "../../../../../apphost/dashboard/charts/metrics-screen.ts";
import { countUsageRows, drawUsage } from "../../../../../apphost/dashboard/charts/usage-rows.ts";
import { taskManagerName } from "../../../../../simulator/common/contract/names.ts";
import { anySize, drawingOf, expectForm, textOf } from "../../../../support/chart-text.ts";
import { sampleProgress } from "../../../../support/sample-events.ts";

const SECOND_US = 1_000_000;

/** A run of two minutes in which taskmanager-07 was killed, and is slow since. */
function sampleInput(taskManagers = 20): MetricsInput {
  const present = Array.from({ length: taskManagers }, (_, index) => taskManagerName(index + 1));
  const progress = sampleProgress(0.6, { taskManagers });
  const isSlow = (name: string | null) => name === taskManagerName(7);
  const processes = ["kafka", "redis", "jobmanager", ...present].map((name, index) => ({
    name,
    cpuPercent: name === "kafka" ? 123.4 : 10 + index,
    rssBytes: (40 + index) * 1_048_576,
  }));
  const points = (scale: number) => Array.from({ length: 60 }, (_, index) => scale * (1 + (index % 10)));
  return {
    progress: {
      ...progress,
      partitions: progress.partitions.map((each) => (isSlow(each.owner) ? { ...each, perSecond: 9_000 } : each)),
      taskManagers: progress.taskManagers.map((each) => (isSlow(each.name) ? { ...each, perSecond: 9_000 } : each)),
    },
    history: Array.from({ length: 120 }, (_, second) => ({
      atUs: second * SECOND_US,
      producedPerSecond: second < 4 ? 0 : 1_100_000,
      processedPerSecond: second < 5 ? 0 : second > 60 && second < 70 ? 400_000 : 1_000_000,
      lag: second < 5 ? 0 : second > 60 && second < 80 ? 500_000 : 100_000,
      p50Ms: second < 5 ? null : 4,
      p99Ms: second < 5 ? null : second > 60 && second < 70 ? 900 : 60,
    })),
    marks: [
      { atUs: 0, kind: "round", label: "round 1" },
      { atUs: 30 * SECOND_US, kind: "checkpoint", label: "checkpoint 1" },
      { atUs: 61 * SECOND_US, kind: "fault", label: "taskmanager-07" },
      { atUs: 65 * SECOND_US, kind: "recovered", label: "taskmanager-07" },
    ],
    recoveries: [{ target: "taskmanager-07", atUs: 61 * SECOND_US, recoveredAfterMs: 4_210 }],
    checkpoints: Array.from({ length: 24 }, (_, index) => ({
      id: 1_000_001 + index,
      atUs: index * 5 * SECOND_US,
      durationMs: 20 + ((index * 7) % 10),
      total: index * 500_000,
      status: index === 12 ? "failed" : "completed",
    })),
    usage: { type: "usage", processes, machine: { cpuPercent: 87.4, memoryPercent: 41 } },
    cpuHistory: Object.fromEntries(processes.map(({ name }) => [name, points(10)])),
    memoryHistory: Object.fromEntries(processes.map(({ name }) => [name, points(1_048_576)])),
    startedAtUs: 0,
    nowUs: 120 * SECOND_US,
    present,
    order: "name",
    usageOrder: "cpu",
    parts: METRICS_PARTS,
  };
}

const draw = (columns: number, rows: number, glyphs: "unicode" | "ascii" = "unicode") =>
  drawingOf(drawMetrics(sampleInput(), { columns, rows, glyphs }));

describe("the screen of live figures", () => {
  it("has its rows and columns in every terminal, with any number of TaskManagers", () => {
    fc.assert(
      fc.property(fc.constantFrom(0, 1, 5, 20, 256), anySize, (taskManagers, size) => {
        expectForm(drawMetrics(sampleInput(taskManagers), size), size);
      }),
      { numRuns: 50 },
    );
  });

  it("says that there is nothing yet before the first figures", () => {
    const empty: MetricsInput = {
      ...sampleInput(0),
      progress: null,
      history: [],
      marks: [],
      recoveries: [],
      checkpoints: [],
      usage: null,
    };
    const size = { columns: 80, rows: 21, glyphs: "unicode" } as const;
    const rows = drawMetrics(empty, size);
    expectForm(rows, size);
    expect(drawingOf(rows).match(/nothing yet/g)).toHaveLength(6);
  });

  it("shows what matters in 60x15, and says what it leaves out (V2)", () => {
    expect(draw(60, 15)).toMatchInlineSnapshot(`
      "produced   ████████████▌░░░░░░  66%  6.6M of 10M  00:04 left
      processed  ███████████▍░░░░░░░  60%    6M of 10M  00:04 left
      throughput  ⠒⠒ produced 1.1M/s  ⠂⠂ processed 1M/s
      1.2M/s┤  ⡖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⡖⠒⠒⠒⠒⡖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖
            │ ⢀⡇                       ⠁⡆⡀⡀⡆⠁
         0/s┤⣀⣸⡇
             00:00          00:39            01:19           01:59
             ┃            ╵             ✗●
      lag  ⠒⠒ messages 100K  max 500K
      latency  ⠒⠒ p99 60 ms  ⠂⠂ p50 4 ms  max 900 ms
      partitions 20 on 20  ! slow: 07  lag 210K  most in 19: 20K
      01 ▅ 02 ▅ 03 ▅ 04 ▅ 05 ▅ 06 ▅ 07!▂ 08 ▅ 09 ▅ 10 ▅ 11 ▅ 12 ▅
      13 ▅ 14 ▅ 15 ▅ 16 ▅ 17 ▅ 18 ▅ 19 ▅ 20 ▅
      checkpoints  24 completed 5.0 s ago  took 21 ms  total 11.5M
      no room for:  lag and latency over time"
    `);
  });

  it("shows charts in 80x24, in ASCII as well", () => {
    expect(draw(80, 24)).toMatchInlineSnapshot(`
      "produced   █████████████████▊░░░░░░░░░  66%  6,600,000 of 10,000,000  00:04 left
      processed  ████████████████▏░░░░░░░░░░  60%  6,000,000 of 10,000,000  00:04 left
      throughput  ⠒⠒ produced 1.1M/s  ⠂⠂ processed 1M/s  max 1.1M/s
      1.2M/s┤  ⢰⡖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⡖⠒⠒⠒⠒⠒⡖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖⠖
            │  ⢸⡇                                ⠃⡄    ⡇
            │  ⡎⠁                                 ⠇⠄⠄⠄⠄⠇
         0/s┤⣀⣀⡇
             00:00           00:29             00:59             01:29           01:59
             ┃                 ╵                  ✗━●
      lag  ⠒⠒ messages 100K  max 500K
      latency  ⠒⠒ p99 60 ms  ⠂⠂ p50 4 ms  max 900 ms
      partitions 20 on 20  ! slow: 07  lag 210K  most in 19: 20K  median 61.7K/s
           rate/s    lag          rate/s    lag          rate/s    lag
      01    61.7K     1K ▅   02    61.7K     2K ▅   03    61.7K     3K ▅
      04    61.7K     4K ▅   05    61.7K     5K ▅   06    61.7K     6K ▅
      07!      9K     7K ▂   08    61.7K     8K ▅   09    61.7K     9K ▅
      10    61.7K    10K ▅   11    61.7K    11K ▅   12    61.7K    12K ▅
      13    61.7K    13K ▅   14    61.7K    14K ▅   15    61.7K    15K ▅
      16    61.7K    16K ▅   17    61.7K    17K ▅   18    61.7K    18K ▅
      19    61.7K    19K ▅   20    61.7K    20K ▅
      ▁ no rate  ▃ half of the median  ▅ the median  █ twice
      checkpoints  24 completed 5.0 s ago  took 21 ms  total 11.5M
      ▆█▇▆█▇▆█▇▇▆█✗▆█▇▆█▇▇▆█▇▆
      no room for:  lag and latency over time  usage of each process"
    `);
    const ascii = draw(80, 24, "ascii");
    expect(ascii).toMatch(/^[\n -~]+$/);
    expect(ascii).toMatchInlineSnapshot(`
      "produced   [################---------]  66%  6,600,000 of 10,000,000  00:04 left
      processed  [###############----------]  60%  6,000,000 of 10,000,000  00:04 left
      throughput  ## produced 1.1M/s  -- processed 1M/s  max 1.1M/s
      1.2M/s|  #######################################################################
            |  #-                                 -    -
            |  #                                  ------
         0/s|###
             00:00           00:29             00:59             01:29           01:59
             |                 '                  x=o
      lag  ## messages 100K  max 500K
      latency  ## p99 60 ms  -- p50 4 ms  max 900 ms
      partitions 20 on 20  ! slow: 07  lag 210K  most in 19: 20K  median 61.7K/s
           rate/s    lag          rate/s    lag          rate/s    lag
      01    61.7K     1K -   02    61.7K     2K -   03    61.7K     3K -
      04    61.7K     4K -   05    61.7K     5K -   06    61.7K     6K -
      07!      9K     7K .   08    61.7K     8K -   09    61.7K     9K -
      10    61.7K    10K -   11    61.7K    11K -   12    61.7K    12K -
      13    61.7K    13K -   14    61.7K    14K -   15    61.7K    15K -
      16    61.7K    16K -   17    61.7K    17K -   18    61.7K    18K -
      19    61.7K    19K -   20    61.7K    20K -
      . no rate  : half of the median  - the median  # twice
      checkpoints  24 completed 5.0 s ago  took 21 ms  total 11.5M
      =#==#==##==#x=#==##==#==
      no room for:  lag and latency over time  usage of each process"
    `);
  });

  it("shows the last ten minutes, however long nothing was done before", () => {
    const input = sampleInput();
    const hourLater = input.history.map((point) => ({ ...point, atUs: point.atUs + 3_600 * SECOND_US }));
    const twoRounds = { ...input, history: [...input.history, ...hourLater], nowUs: 3_720 * SECOND_US };
    const drawing = drawingOf(drawMetrics(twoRounds, { columns: 80, rows: 24, glyphs: "ascii" }));
    expect(drawing).toMatch(/^ +1:00:00 .* 1:01:59$/m);
    expect(drawing).toMatch(/#{60}/);
  });

  it("leaves out nothing in 120x40, and uses the room of 200x50", () => {
    for (const [columns, rows] of [
      [120, 40],
      [200, 50],
    ] as const) {
      const drawing = draw(columns, rows);
      expect(drawing).not.toContain("no room for");
      expect(drawing).toContain("taskmanager-07 back after 4.2 s");
      expect(drawing).toContain("! slow: 07");
      expect(drawing).toContain("1 of 24 recent ones failed");
      expect(drawing).toContain("usage by cpu  machine CPU 87%, memory 41%");
      const used = drawing.split("\n").findLastIndex((line) => line !== "") + 1;
      expect(used).toBeGreaterThanOrEqual(rows - 4);
    }
    // Side by side from a hundred columns on.
    expect(draw(120, 40)).toMatch(/^lag .* latency /m);
    expect(draw(80, 40)).not.toMatch(/^lag .* latency /m);
  });
});

describe("the usage of processes", () => {
  const input = sampleInput();

  it("comes with the greediest first, and counts those without room", () => {
    const size = { columns: 80, rows: 4, glyphs: "ascii" } as const;
    const names = (order: "name" | "cpu" | "memory") =>
      drawUsage(input, order, size)
        .slice(1)
        .map((row) => textOf(row).split(" ")[0]);
    expect(names("cpu")).toEqual(["kafka", "taskmanager-20", "taskmanager-19"]);
    expect(names("memory")).toEqual(["taskmanager-20", "taskmanager-19", "taskmanager-18"]);
    expect(names("name")).toEqual(["jobmanager", "kafka", "redis"]);
    expect(textOf(drawUsage(input, "cpu", size)[0] ?? [])).toContain("20 more not shown");
  });

  it("fills the rows that it says, with a full core as a full cell", () => {
    for (const columns of [60, 80, 120, 200]) {
      const rows = countUsageRows(input, columns);
      const drawing = drawingOf(drawUsage(input, "cpu", { columns, rows, glyphs: "unicode" }));
      expect(drawing).not.toContain("more not shown");
      expect(drawing.split("\n").at(-1)).not.toBe("");
      expect(drawing).toContain("kafka               ▂▂▃▄▅▅▆▇▇█ 123%");
    }
  });
});
