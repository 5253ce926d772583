/** The command line as a whole: wrong usage is told at once and whole, and help says what each verb and option takes. */
import type { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createProgram, runCli } from "../../../../apphost/cli/cli.ts";
import { FormOption } from "../../../../apphost/cli/command-options.ts";
import { VerbCommand } from "../../../../apphost/cli/verb-command.ts";
import { VERB_HELP } from "../../../../apphost/cli/verb-help.ts";

let printed = "";
const say = (text: unknown): boolean => {
  printed += String(text);
  return true;
};
beforeEach(() => {
  printed = "";
  vi.spyOn(process.stderr, "write").mockImplementation(say);
  vi.spyOn(process.stdout, "write").mockImplementation(say);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** What it prints, when it refuses. */
async function refuse(...args: string[]): Promise<string> {
  expect(await runCli(args), `${args.join(" ")}: ${printed}`).toBe(2);
  return printed;
}

describe("several things that are wrong", () => {
  it("are all told at once: options, arguments, values, and what contradicts", async () => {
    const args = ["up", "--bogus", "--messages", "x", "--max-time", "5x", "--isolated", "--fixed-ports", "foo", "--ui"];
    const text = await refuse(...args);
    expect(text.match(/^ {2}- /gm)).toHaveLength(5);
    for (const word of ["--bogus", "--messages is", "--max-time is", "--isolated with --fixed-ports", '--ui is ""']) {
      expect(text).toContain(word);
    }
  });

  it.each<[string[], string[]]>([
    [
      ["produce", "--ui", "tui", "--bogus"],
      ["--bogus", "--ui is", "--messages is missing"],
    ],
    [
      ["logs", "--tail", "x", "--search"],
      ["--tail is", "--search is"],
    ],
    [
      ["scale", "taskmanager", "x", "y"],
      ["'y'", "<replicas> is"],
    ],
    [
      ["down", "--topic", "a b", "--timeout", "q"],
      ["--topic is", "--timeout is"],
    ],
    [
      ["doctor", "--format", "xml", "--messages", "x"],
      ["--format is", "--messages is"],
    ],
    [
      ["wait", "--timeout", "soon"],
      ["<resources> is missing", "--timeout is"],
    ],
  ])("of %j, too", async (args, words) => {
    const text = await refuse(...args);
    expect(text.match(/^ {2}- /gm)).toHaveLength(words.length);
    for (const word of words) expect(text).toContain(word);
  });

  it("one by variable and one by option are both told", async () => {
    vi.stubEnv("FLINK_APPHOST_RATE", "fast");
    const text = await refuse("up", "--partitions", "0");
    expect(text).toContain('--partitions is "0"');
    expect(text).toContain('FLINK_APPHOST_RATE is "fast"');
  });

  it("an option that needs another one is refused without it", async () => {
    expect(await refuse("down", "--forget")).toContain("--forget without --run; name the run that it is about");
  });

  it("leave one that is alone as its own sentence", async () => {
    expect(await refuse("up", "--messages", "x")).toMatch(/^flink-apphost: --messages is "x": expected [^\n]*\n$/);
  });

  it("say nothing of contradictions of what could not be read", async () => {
    expect(await refuse("stress", "--messages", "0", "--topic", "a b")).not.toContain("nothing to process");
  });
});

describe("what was mistyped", () => {
  it("a verb or option of no verb is refused in the program's own name, and says nothing to the terminal", async () => {
    expect(await refuse("pss\u001b[31m")).toMatch(/^flink-apphost: unknown command 'pss\\u001b\[31m'/);
    printed = "";
    expect(await refuse("-v")).toBe("flink-apphost: unknown option '-v'\n");
  });

  it("an option that takes no value says so when it was given one", async () => {
    expect(await refuse("up", "--once=false")).toBe(
      'flink-apphost: --once is "false": expected no value: give it alone, or omit it\n',
    );
  });

  it.each<[string[], string]>([
    [["up", "--mesages", "5"], "did you mean --messages?"],
    [["stress", "--maxtime=5s"], "did you mean --max-time?"],
    [["logs", "--folow"], "did you mean --follow?"],
    [["stpo", "kafka"], "Did you mean stop?"],
    [["help", "restrat"], "did you mean restart?"],
    [["help", "xyzzy"], '"flink-apphost help" lists all'],
    [["ps", "--xyzzy"], '"flink-apphost help ps" lists those it has'],
  ])("%j is answered with what was meant, or where to look", async (args, words) => {
    expect(await refuse(...args)).toContain(words);
  });

  it("a variable is named with the nearest known one, and ends nothing", async () => {
    vi.stubEnv("FLINK_APPHOST_MESAGES", "5");
    const text = await refuse("logs", "--tail", "x");
    expect(text).toContain(
      "FLINK_APPHOST_MESAGES is not read: no option has that variable; did you mean FLINK_APPHOST_MESSAGES?",
    );
    expect(text).toContain("--tail is");
  });
});

describe("help", () => {
  const program = createProgram([], { setExitCode: () => undefined, takeHelp: () => undefined });
  const verbs = program.commands.filter((command) => command instanceof VerbCommand);

  it("has examples and exit codes for each verb, and for nothing else", () => {
    expect(Object.keys(VERB_HELP).sort()).toEqual(verbs.map((verb) => verb.name()).sort());
    for (const verb of verbs) {
      let text = "";
      verb.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
      expect(text, verb.name()).toMatch(/Examples:\n {2}.*flink-apphost .*\n\nExit codes:\n {2}0 /s);
    }
  });

  it("gives each option of a run its values, default and variable", () => {
    const texts = describeOptions(verbs, "up");
    expect(texts["--max-time"]).toMatch(
      /a duration from 1 to \d+ ms.*; default 300s; FLINK_APPHOST_MAX_TIME or MAX_ALLOWED/,
    );
    expect(texts["--infra"]).toContain("(one of auto, docker, native, embedded; default auto; FLINK_APPHOST_INFRA)");
    expect(texts["--kafka-heap"]).toContain("default 1g");
    expect(texts["--once"]).toContain("(FLINK_APPHOST_ONCE)");
    expect(describeOptions(verbs, "stress")["--messages"]).toContain("default 10000000");
    for (const text of Object.values(texts)) expect(text).toMatch(/FLINK_APPHOST_[A-Z_]+/);
  });
});

function describeOptions(verbs: readonly Command[], name: string): Record<string, string> {
  const options = verbs.find((verb) => verb.name() === name)?.options ?? [];
  return Object.fromEntries(
    options.flatMap((option) =>
      option instanceof FormOption && !option.hidden ? [[option.long ?? "", option.describe()]] : [],
    ),
  );
}
