import { describe, expect, it } from "vitest";
import { formatCompact, formatDuration } from "../../../../apphost/snapshot/format.ts";

describe("what has little room", () => {
  it("is a count with three digits that matter", () => {
    const counts = [null, 0, 0.75, 350, 999, 999.6, 61_728, 999_950, 1_250_000, 12e9];
    expect(counts.map(formatCompact)).toEqual(["-", "0", "0.75", "350", "999", "1K", "61.7K", "1M", "1.25M", "12B"]);
  });

  it("is a time that never looks shorter by a change of its unit", () => {
    const times = [-5, 0, 0.4, 350, 999.4, 999.6, 3_210, 59_949, 59_950, 60_000, 3_723_000];
    expect(times.map(formatDuration)).toEqual([
      "0 ms",
      "0 ms",
      "0 ms",
      "350 ms",
      "999 ms",
      "1.0 s",
      "3.2 s",
      "59.9 s",
      "01:00",
      "01:00",
      "1:02:03",
    ]);
  });
});
