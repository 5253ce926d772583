import { CommanderError } from "commander";
import { afterEach, describe, expect, it, vi } from "vitest";
import { parseBenchRequest, SUITE_NAMES } from "../../../../scripts/bench/options.ts";

afterEach(() => vi.restoreAllMocks());

function parseBenchOptions(args: readonly string[]) {
  const request = parseBenchRequest(args);
  if (request.kind !== "measure") throw new Error("it is a comparison");
  return request.options;
}

describe("parseBenchRequest", () => {
  it("measures every suite in at least three rounds unless told otherwise", () => {
    const defaults = { cases: null, messages: 10_000_000, rounds: 3, idleMs: 60_000, quick: false };
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
    const options = parseBenchOptions(["--suite", "codec, pipeline", "--messages", "1_000_000", "--cases", "a, b"]);
    expect(options).toMatchObject({ suites: ["pipeline", "codec"], messages: 1_000_000, cases: ["a", "b"] });
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

  it("compares results instead of measuring", () => {
    const defaults = { b: null, isForced: false, failAbovePercent: null, format: "text" };
    expect(parseBenchRequest(["--compare", "a.json"])).toEqual({
      kind: "compare",
      options: { a: "a.json", ...defaults },
    });
    const all = ["--compare", "a.json", "b.json", "--force", "--fail-above", "7.5%", "--format", "json"];
    expect(parseBenchRequest(all)).toEqual({
      kind: "compare",
      options: { a: "a.json", b: "b.json", isForced: true, failAbovePercent: 7.5, format: "json" },
    });
  });

  it.each([
    [["b.json"], /'b.json' has no meaning without --compare/],
    [["--fail-above", "10%"], /'--fail-above' has no meaning without --compare/],
    [["--compare", "a.json", "--fail-above", "much"], /Expected a percentage/],
    [["--compare", "a.json", "b.json", "c.json"], /too many arguments/],
  ])("refuses %j of a comparison", (args, message) => {
    const said: string[] = [];
    vi.spyOn(process.stderr, "write").mockImplementation((text) => said.push(String(text)) > 0);
    expect(() => parseBenchRequest(args)).toThrow(CommanderError);
    expect(said.join("")).toMatch(message);
  });

  it("plans loads from a result that is there, and takes nothing that only a comparison knows", () => {
    expect(parseBenchRequest(["--capacity", "a.json", "--format", "json"])).toEqual({
      kind: "capacity",
      options: { file: "a.json", format: "json" },
    });
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
    expect(() => parseBenchRequest(["--capacity", "a.json", "b.json"])).toThrow(CommanderError);
  });
});
