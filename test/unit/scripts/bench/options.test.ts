import { CommanderError } from "commander";
import { afterEach, describe, expect, it, vi } from "vitest";
import { parseBenchOptions, SUITE_NAMES } from "../../../../scripts/bench/options.ts";

afterEach(() => vi.restoreAllMocks());

describe("parseBenchOptions", () => {
  it("measures every suite in at least three rounds unless told otherwise", () => {
    const defaults = { messages: 10_000_000, rounds: 3, idleMs: 60_000, quick: false };
    expect(parseBenchOptions([])).toEqual({ suites: SUITE_NAMES, ...defaults });
    expect(parseBenchOptions(["--idle-minutes", "30"])).toMatchObject({ idleMs: 1_800_000 });
  });

  it("takes quick as other defaults, which options still beat", () => {
    expect(parseBenchOptions(["--quick", "--rounds", "2"])).toMatchObject({
      messages: 200_000,
      rounds: 2,
      quick: true,
    });
  });

  it("keeps the suites' own order, and reads digits with underscores", () => {
    const options = parseBenchOptions(["--suite", "codec, pipeline", "--messages", "1_000_000"]);
    expect(options).toMatchObject({ suites: ["pipeline", "codec"], messages: 1_000_000 });
  });

  it.each([
    [["--suite", "pipeline,nothing"], /"nothing" is none of pipeline/],
    [["--messages", "0"], /whole number from 1/],
    [["--rounds", "1.5"], /whole number from 1/],
    [["--unknown"], /unknown option/],
  ])("refuses %j", (args, message) => {
    const written: string[] = [];
    vi.spyOn(process.stderr, "write").mockImplementation((text) => written.push(String(text)) > 0);
    expect(() => parseBenchOptions(args)).toThrow(CommanderError);
    expect(written.join("")).toMatch(message);
  });
});
