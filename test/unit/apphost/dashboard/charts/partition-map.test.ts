import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawPartitionMap } from "../../../../../apphost/dashboard/charts/partition-map.ts";
import {
  computeLoads,
  type LoadInput,
  type LoadMark,
  sortLoads,
} from "../../../../../apphost/dashboard/charts/task-manager-loads.ts";
import { taskManagerName } from "../../../../../simulator/common/contract/names.ts";
import { anySize, anyText, drawingOf, expectForm } from "../../../../support/chart-text.ts";

type Progress = LoadInput["progress"];
interface Given {
  readonly name: string;
  readonly perSecond: number | null;
  /** By partition: lag and rate. */
  readonly owned: readonly { readonly lag: number | null; readonly perSecond: number }[];
}

/** Partitions are numbered in the order of their owners. */
function progressOf(given: readonly Given[]): Progress {
  let p = 0;
  const partitions = given.flatMap(({ name, owned }) =>
    owned.map((partition) => ({ ...partition, p: p++, owner: name as string | null })),
  );
  return {
    partitions,
    taskManagers: given.map(({ name, perSecond }) => ({
      name,
      perSecond,
      processed: 0,
      partitions: partitions.filter(({ owner }) => owner === name).map((partition) => partition.p),
      cpuMs: 0,
      rssBytes: 0,
    })),
  };
}

/** Each owns `partitions`, which share its rate and have the same lag. */
const even = (index: number, perSecond: number | null, lag: number | null, partitions = 1): Given => ({
  name: taskManagerName(index),
  perSecond,
  owned: Array.from({ length: partitions }, () => ({ lag, perSecond: (perSecond ?? 0) / partitions })),
});

const namesOf = ({ taskManagers }: Progress) => taskManagers.map(({ name }) => name);
const judge = (progress: Progress) => computeLoads({ progress, present: namesOf(progress) });
const marked = (progress: Progress, mark: LoadMark) =>
  judge(progress)
    .taskManagers.filter((load) => load.mark === mark)
    .map(({ shortName }) => shortName);

/** One slow, one idle, one gone, and 17 that are even. */
const twenty = progressOf(
  Array.from({ length: 20 }, (_, index) => {
    if (index === 6) return even(index + 1, 12_300, 48_123);
    if (index === 2) return even(index + 1, null, 5_000);
    if (index === 19) return even(index + 1, 0, null, 0);
    return even(index + 1, 61_000 + index * 50, 900 + index * 10);
  }),
);

describe("the load of TaskManagers", () => {
  it("marks who is slow, idle and gone", () => {
    expect(marked(twenty, "slow")).toEqual(["07"]);
    expect(marked(twenty, "idle")).toEqual(["20"]);
    expect(marked(twenty, "gone")).toEqual(["03"]);
  });

  it("calls none slow that has no lag, or whose lag is not known", () => {
    for (const lag of [0, null])
      expect(marked(progressOf([even(1, 10, lag), even(2, 100, 5), even(3, 100, 5)]), "slow")).toEqual([]);
  });

  it("calls none slow that owns fewer partitions and is as fast by each (T1)", () => {
    const uneven = Array.from({ length: 20 }, (_, index) =>
      index < 19 ? even(index + 1, 20_000, 10, 2) : even(20, 9_900, 10),
    );
    expect(marked(progressOf(uneven), "slow")).toEqual([]);
    const slow = uneven.map((given) => (given.name === taskManagerName(20) ? even(20, 4_000, 10) : given));
    expect(marked(progressOf(slow), "slow")).toEqual(["20"]);
  });

  it("calls none slow that is as fast as the others and owns more partitions (T1)", () => {
    expect(marked(progressOf([even(1, 100, 9, 3), even(2, 100, 9), even(3, 100, 9)]), "slow")).toEqual([]);
  });

  it("calls those slow that stand still while another moves, though most do (T2)", () => {
    const stuck = progressOf([even(1, 0, 9), even(2, 0, 9), even(3, 100, 9)]);
    expect(marked(stuck, "slow")).toEqual(["01", "02"]);
    expect(marked(progressOf([even(1, 0, 9), even(2, 0, 9)]), "slow")).toEqual([]);
  });

  it("calls one quiet that stands still without a lag that is known, while another moves (T3)", () => {
    for (const lag of [0, null]) {
      const hanging = progressOf([even(1, 100, 9), even(2, 0, lag), even(3, 100, 9)]);
      expect(marked(hanging, "quiet")).toEqual(["02"]);
      expect(marked(hanging, "slow")).toEqual([]);
    }
    expect(marked(progressOf([even(1, 0, 0), even(2, 0, 0)]), "quiet")).toEqual([]);
  });

  it("counts in the median neither who is gone nor who is idle (T4)", () => {
    const few = [even(1, 100, 9), even(2, 100, 9), even(3, 40, 9)];
    const others = Array.from({ length: 9 }, (_, index) => even(index + 4, index < 5 ? null : 0, null, 0));
    const progress = progressOf([...few, ...others]);
    expect(judge(progress).medianPerSecond).toBe(100);
    expect(marked(progress, "slow")).toEqual(["03"]);
  });

  it("leaves out who was scaled away, unless it owns a partition still", () => {
    const progress = progressOf([even(1, 100, 9), even(2, null, 9, 0), even(3, null, 9)]);
    const { taskManagers } = computeLoads({ progress, present: [taskManagerName(1)] });
    expect(taskManagers.map(({ shortName, mark }) => `${shortName} ${mark}`)).toEqual(["01 even", "03 gone"]);
  });

  it("knows one that owns a partition and has not reported", () => {
    const { partitions } = progressOf([even(1, 100, 9), even(2, 70, 9)]);
    const { taskManagers } = computeLoads({ progress: { partitions, taskManagers: [] }, present: [] });
    expect(taskManagers).toMatchObject([
      { mark: "even", perSecond: 100 },
      { mark: "even", perSecond: 70, lag: 9 },
    ]);
  });

  it("is sorted by name, by who is slow, and by lag", () => {
    const { taskManagers } = judge(
      progressOf([even(10, 50, 1), even(9, 0, null, 0), even(2, 10, 7), even(1, null, 3), even(3, 40, 9)]),
    );
    const sorted = (order: "name" | "rate" | "lag") => sortLoads(taskManagers, order).map(({ shortName }) => shortName);
    expect(sorted("name")).toEqual(["01", "02", "03", "09", "10"]);
    expect(sorted("rate")).toEqual(["02", "01", "03", "10", "09"]);
    expect(sorted("lag")).toEqual(["03", "02", "01", "10", "09"]);
  });
});

describe("the partition map", () => {
  const draw = (progress: Progress, columns: number, rows: number, glyphs: "unicode" | "ascii" = "unicode") =>
    drawingOf(drawPartitionMap({ progress, present: namesOf(progress), order: "name" }, { columns, rows, glyphs }));

  it("has its rows and columns, whatever it is given", () => {
    const anyProgress = fc
      .record({
        names: fc.uniqueArray(anyText, { minLength: 1, maxLength: 40 }),
        partitions: fc.array(fc.record({ owner: fc.option(fc.nat()), lag: fc.option(fc.nat()), perSecond: fc.nat() }), {
          maxLength: 120,
        }),
        rates: fc.array(fc.option(fc.nat()), { maxLength: 40 }),
      })
      .map(
        ({ names, partitions, rates }): Progress => ({
          partitions: partitions.map(({ owner, ...partition }, p) => ({
            ...partition,
            p,
            owner: owner === null ? null : (names[owner % names.length] ?? null),
          })),
          taskManagers: names.map((name, index) => ({
            name,
            processed: 0,
            perSecond: rates[index] ?? null,
            partitions: [],
            cpuMs: 0,
            rssBytes: 0,
          })),
        }),
      );
    fc.assert(
      fc.property(
        anyProgress,
        fc.constantFrom("name" as const, "rate" as const, "lag" as const),
        anySize,
        (progress, order, size) =>
          expectForm(drawPartitionMap({ progress, present: namesOf(progress), order }, size), size),
      ),
    );
    expect(
      drawingOf(
        drawPartitionMap({ progress: null, present: [], order: "name" }, { columns: 40, rows: 1, glyphs: "ascii" }),
      ),
    ).toBe("partitions  nothing yet");
  });

  it("has a line for each TaskManager where there is room", () => {
    expect(draw(twenty, 80, 24)).toMatchInlineSnapshot(`
      "partitions 19 on 20  ! slow: 07  x gone: 03  _ idle: 20  lag 70.1K
                              rate/s  of median     lag  partition, heat, lag
      taskmanager-01             61K        99%     900  0 ▅ 900
      taskmanager-02           61.1K        99%     910  1 ▅ 910
      taskmanager-03  gone         -          -      5K  2 ▁ 5K
      taskmanager-04           61.2K        99%     930  3 ▅ 930
      taskmanager-05           61.2K       100%     940  4 ▅ 940
      taskmanager-06           61.3K       100%     950  5 ▅ 950
      taskmanager-07  slow     12.3K        20%   48.1K  6 ▂ 48.1K
      taskmanager-08           61.4K       100%     970  7 ▅ 970
      taskmanager-09           61.4K       100%     980  8 ▅ 980
      taskmanager-10           61.5K       100%     990  9 ▅ 990
      taskmanager-11           61.5K       100%      1K  10 ▅ 1K
      taskmanager-12           61.6K       100%   1.01K  11 ▅ 1.01K
      taskmanager-13           61.6K       100%   1.02K  12 ▅ 1.02K
      taskmanager-14           61.7K       100%   1.03K  13 ▅ 1.03K
      taskmanager-15           61.7K       100%   1.04K  14 ▅ 1.04K
      taskmanager-16           61.8K       100%   1.05K  15 ▅ 1.05K
      taskmanager-17           61.8K       101%   1.06K  16 ▅ 1.06K
      taskmanager-18           61.9K       101%   1.07K  17 ▅ 1.07K
      taskmanager-19           61.9K       101%   1.08K  18 ▅ 1.08K
      taskmanager-20  idle         0         0%       -
      ▁ no rate  ▃ half of the median  ▅ the median  █ twice
      "
    `);
  });

  it("has several in a line with their figures where there is less, and only cells where there is least", () => {
    expect(draw(twenty, 80, 13)).toMatchInlineSnapshot(`
      "partitions 19 on 20  ! slow: 07  x gone: 03  _ idle: 20  lag 70.1K
                rate/s    lag                  rate/s    lag
      01           61K    900 ▅ 0    02         61.1K    910 ▅ 1
      03 gone        -     5K ▁ 2    04         61.2K    930 ▅ 3
      05         61.2K    940 ▅ 4    06         61.3K    950 ▅ 5
      07 slow    12.3K  48.1K ▂ 6    08         61.4K    970 ▅ 7
      09         61.4K    980 ▅ 8    10         61.5K    990 ▅ 9
      11         61.5K     1K ▅ 10   12         61.6K  1.01K ▅ 11
      13         61.6K  1.02K ▅ 12   14         61.7K  1.03K ▅ 13
      15         61.7K  1.04K ▅ 14   16         61.8K  1.05K ▅ 15
      17         61.8K  1.06K ▅ 16   18         61.9K  1.07K ▅ 17
      19         61.9K  1.08K ▅ 18   20 idle        0      -
      ▁ no rate  ▃ half of the median  ▅ the median  █ twice"
    `);
    expect(draw(twenty, 60, 5)).toMatchInlineSnapshot(`
      "partitions 19 on 20  ! slow: 07  x gone: 03  _ idle: 20
      01 ▅ 02 ▅ 03x▁ 04 ▅ 05 ▅ 06 ▅ 07!▂ 08 ▅ 09 ▅ 10 ▅ 11 ▅ 12 ▅
      13 ▅ 14 ▅ 15 ▅ 16 ▅ 17 ▅ 18 ▅ 19 ▅ 20_
      ▁ no rate  ▃ half of the median  ▅ the median  █ twice
      "
    `);
    expect(draw(twenty, 60, 5, "ascii")).toMatchInlineSnapshot(`
      "partitions 19 on 20  ! slow: 07  x gone: 03  _ idle: 20
      01 - 02 - 03x. 04 - 05 - 06 - 07!. 08 - 09 - 10 - 11 - 12 -
      13 - 14 - 15 - 16 - 17 - 18 - 19 - 20_
      . no rate  : half of the median  - the median  # twice
      "
    `);
  });

  it("names in its first row who is slow, gone or idle, and the partition that nobody has", () => {
    const [first] = draw(twenty, 80, 1).split("\n");
    expect(first).toContain("! slow: 07  x gone: 03  _ idle: 20");
    const orphaned = {
      ...twenty,
      partitions: twenty.partitions.map((partition) => (partition.p === 4 ? { ...partition, owner: null } : partition)),
    };
    expect(draw(orphaned, 80, 1)).toContain("? nobody has 4");
  });

  it("counts 256 TaskManagers with 1,000 partitions, those without room included (P3)", () => {
    const many = progressOf(
      Array.from({ length: 256 }, (_, index) => even(index + 1, index === 250 ? 10 : 1_000, 50, index < 232 ? 4 : 3)),
    );
    expect(many.partitions).toHaveLength(1_000);
    const drawing = draw(many, 80, 10);
    const shown =
      drawing
        .split("\n")
        .slice(1, -1)
        .join(" ")
        .match(/\d+ *[ !]▅|\d+ *!/g) ?? [];
    const [, hidden] = /… (\d+) more TaskManagers: 1 slow$/.exec(drawing) ?? [];
    expect(shown.length + Number(hidden)).toBe(256);
    expect(draw(many, 200, 46)).not.toContain("more");
  });

  it("shows the slowest of the partitions that share a cell", () => {
    const owned = Array.from({ length: 400 }, (_, p) => ({ lag: 9, perSecond: p === 200 ? 0 : 100 }));
    const progress = progressOf([{ name: taskManagerName(1), perSecond: 39_900, owned }]);
    const drawing = draw(progress, 80, 4);
    expect(drawing.match(/▁/g)).toHaveLength(2); // In the map, and in the legend.
  });
});
