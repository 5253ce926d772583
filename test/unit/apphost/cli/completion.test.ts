/** Completion: which words may stand where the cursor is. Real shells are asked in `integration/completion.test.ts`. */
import { describe, expect, it } from "vitest";
import { createProgram } from "../../../../apphost/cli/cli.ts";
import { completeWords } from "../../../../apphost/cli/completion.ts";

const program = createProgram([], { setExitCode: () => undefined, takeHelp: () => undefined });
const RESOURCES = ["kafka", "taskmanager", "taskmanager-01"];

/** Words of a completed line, or that paths are wanted. */
function complete(...words: string[]): readonly string[] | "files" {
  const completion = completeWords(program, words, RESOURCES);
  return completion.kind === "files" ? "files" : completion.candidates.map(({ word }) => word);
}

describe("completion", () => {
  it("offers verbs, and none of those that are for shells", () => {
    expect(complete("re")).toEqual(["report", "restart", "resume"]);
    expect(complete("comp")).toEqual(["completion"]);
    expect(complete("help", "sc")).toEqual(["scale"]);
  });

  it("offers a verb's options, and no hidden one", () => {
    expect(complete("wait", "--t")).toEqual(["--timeout"]);
    expect(complete("stress", "--on")).toEqual([]);
    expect(complete("up", "--test")).toEqual([]);
  });

  it.each([
    [["up", "--infra", "em"], ["embedded"]],
    [["up", "--infra=em"], ["--infra=embedded"]],
    [["up", "--infra", "=", "em"], ["embedded"]],
    [
      ["wait", "--status", "="],
      ["running", "healthy", "finished"],
    ],
    [["up", "--messages", ""], []],
    [["up", "--apphost", "./a"], "files"],
    [["down", "--run-dir="], "files"],
    [
      ["completion", ""],
      ["bash", "zsh", "fish"],
    ],
    [["scale", ""], ["taskmanager"]],
    [["scale", "taskmanager", ""], []],
  ])("offers the values at the end of %j", (words, expected) => {
    expect(complete(...words)).toEqual(expected);
  });

  it("offers each resource once, wherever options stand", () => {
    expect(complete("stop", "")).toEqual(RESOURCES);
    expect(complete("stop", "--format", "json", "kafka", "")).toEqual(["taskmanager", "taskmanager-01"]);
    expect(complete("ps", "")).toEqual([]);
  });

  it("offers nothing after what is no verb", () => {
    expect(complete("stpo", "k")).toEqual([]);
    expect(complete("constructor", "")).toEqual([]);
  });
});
