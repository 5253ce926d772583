import { describe, expect, it } from "vitest";
import { cpuMsBetween, parseKilobytes, parseProcessStat } from "../../../../scripts/bench/cpu.ts";

/** Fields 3 to 22 of a real /proc/<pid>/stat, with utime 120, stime 30, cutime 7, cstime 3. */
const FIELDS = "S 1 77 77 0 -1 4194560 5312 0 2 0 120 30 7 3 20 0 11 0 447136";

describe("parseProcessStat", () => {
  it("reads own and reaped CPU time, in ticks of 10 ms", () => {
    expect(parseProcessStat(`77 (node) ${FIELDS}`)).toEqual({ cpuMs: 1_500, reapedCpuMs: 100 });
  });

  it("is not misled by a name with spaces and parentheses", () => {
    expect(parseProcessStat(`77 (a) S 9 9 (b) ${FIELDS}`)).toEqual({ cpuMs: 1_500, reapedCpuMs: 100 });
  });

  it("says that it does not know when the text has another form", () => {
    expect(parseProcessStat("")).toBeUndefined();
    expect(parseProcessStat("77 (node) S 1 77")).toBeUndefined();
  });
});

describe("parseKilobytes", () => {
  it("reads one line among others, in bytes", () => {
    const text = "VmHWM:\t  900 kB\nVmRSS:\t  512 kB\n";
    expect(parseKilobytes(text, "VmRSS")).toBe(512 * 1024);
    expect(parseKilobytes(text, "Pss")).toBeUndefined();
  });
});

describe("cpuMsBetween", () => {
  const series = [
    { atUs: 1_000, cpuMs: 10 },
    { atUs: 2_000, cpuMs: 30 },
    { atUs: 4_000, cpuMs: 30 },
    { atUs: 5_000, cpuMs: 80 },
  ];

  it("interpolates between samples", () => {
    expect(cpuMsBetween(series, 1_500, 4_500)).toBe(35);
    expect(cpuMsBetween(series, 1_000, 5_000)).toBe(70);
  });

  it("adds up over parts of an interval", () => {
    const parts = [1_100, 1_900, 3_300, 4_700].map((at) => cpuMsBetween(series, 900, at));
    expect(parts).toEqual([...parts].sort((a, b) => a - b));
    expect(cpuMsBetween(series, 900, 3_300) + cpuMsBetween(series, 3_300, 9_000)).toBe(70);
  });

  it("counts nothing before the first sample and after the last, and nothing without samples", () => {
    expect(cpuMsBetween(series, 0, 1_000)).toBe(0);
    expect(cpuMsBetween(series, 5_000, 9_000)).toBe(0);
    expect(cpuMsBetween([], 0, 9_000)).toBe(0);
  });
});
