/**
 * The command line: verbs and their options, as `options.ts` has them. Wrong usage ends with 2 and one clear line, before
 * anything is started.
 */
import { Command, CommanderError, Option } from "commander";
import { createError, describeError } from "../simulator/common/foundation/errors.ts";
import { EXIT, exitCodeOfError } from "./exit-code.ts";
import { folderForm, oneOf, runIdForm, wholeNumber } from "./option-values.ts";
import { type GivenOptions, type HostOptions, OPTION_TABLE, readOptions, type Verb } from "./options.ts";
import { readPackageVersion } from "./package-version.ts";
import { type Given, type PreparedRun, prepareBuiltIn, prepareDeclared } from "./preparation.ts";

const DEFAULT_BASE = ".flink-apphost";

/** Returns the exit code. Nothing is thrown: what went wrong is on standard error. */
export async function runCli(args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.passed;
  const program = createProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.passed : EXIT.usage;
    process.stderr.write(`flink-apphost: ${describeError(error)}\n`);
    return exitCodeOfError(error);
  }
}

type SetExitCode = (code: number) => void;

function createProgram(setExitCode: SetExitCode): Command {
  const program = new Command("flink-apphost")
    .description("Starts a Flink-style streaming system and proves that it neither loses nor duplicates a message.")
    .version(readPackageVersion())
    .exitOverride();
  addRunVerb(program, "up", "start everything, produce, validate, and stay up", setExitCode);
  addRunVerb(program, "stress", "a fresh run that ends with its verdict", setExitCode);
  addProduce(program, setExitCode);
  addQuestions(program, setExitCode);
  addDown(program, setExitCode);
  return program;
}

function addRunVerb(program: Command, verb: Verb, description: string, setExitCode: SetExitCode): void {
  const command = program.command(verb).description(description).exitOverride();
  for (const name of Object.keys(OPTION_TABLE) as (keyof HostOptions)[]) {
    if (verb !== "stress" || name !== "once") command.addOption(createOption(name));
  }
  command.action(async (given: GivenOptions) => {
    const prepared = await prepareRun({ verb, options: given, env: process.env });
    const { runUp } = await import("./verbs/up.ts");
    setExitCode(await runUp(verb, prepared));
  });
}

/** A user's file decides more than its own resources: it is read before the options are. */
async function prepareRun(given: Given): Promise<PreparedRun> {
  const { apphost } = readOptions(["apphost"], given.options, given.env);
  if (apphost === undefined || apphost === null) return prepareBuiltIn(given);
  const { loadAppHostFile } = await import("./apphost-file.ts");
  return prepareDeclared(await loadAppHostFile(apphost), apphost, given);
}

const FLAGS: readonly (keyof HostOptions)[] = ["allowRemote", "allowRejected", "fixedPorts", "once", "withKafkaUi"];

function createOption(name: keyof HostOptions): Option {
  const { flag, help, hidden } = OPTION_TABLE[name];
  const option = new Option(FLAGS.includes(name) ? `--${flag}` : `--${flag} <value>`, help);
  return hidden === true ? option.hideHelp() : option;
}

function addProduce(program: Command, setExitCode: SetExitCode): void {
  program
    .command("produce")
    .description("a further round on the running host; ends with its verdict")
    .exitOverride()
    .addOption(createOption("messages").makeOptionMandatory())
    .addOption(createOption("runDir"))
    .addOption(new Option("--ui <value>", "plain, json or quiet").default("plain"))
    .action(async (given: GivenOptions) => {
      const ui = parseValue("--ui", String(given["ui"]), oneOf(["plain", "json", "quiet"]));
      const messages = parseValue(
        "--messages",
        String(given["messages"]),
        wholeNumber({ min: 1, max: 1_000_000_000_000 }),
      );
      const { runProduce } = await import("./verbs/questions.ts");
      const note = ui === "quiet" ? () => undefined : writeError;
      setExitCode(await runProduce({ base: readBase(given), messages, ui, write, note }));
    });
}

function addQuestions(program: Command, setExitCode: SetExitCode): void {
  for (const [verb, description, defaultFormat] of [
    ["env", "print the variables that dependents get, the password included", "text"],
    ["describe", "print what runs", "json"],
  ] as const) {
    program
      .command(verb)
      .description(description)
      .exitOverride()
      .addOption(createOption("runDir"))
      .addOption(new Option("--format <value>", "text or json").default(defaultFormat))
      .action(async (given: GivenOptions) => {
        const format = parseValue("--format", String(given["format"]), oneOf(["text", "json"] as const));
        const questions = await import("./verbs/questions.ts");
        const ask = verb === "env" ? questions.runEnv : questions.runDescribe;
        setExitCode(await ask({ base: readBase(given), format, write }));
      });
  }
}

function addDown(program: Command, setExitCode: SetExitCode): void {
  program
    .command("down")
    .description("stop running hosts, and sweep what dead ones left")
    .exitOverride()
    .addOption(createOption("runDir"))
    .addOption(createOption("redis"))
    .addOption(new Option("--purge [run]", "remove a run's topic, group and keys from servers of others"))
    .action(async (given: GivenOptions) => {
      const { redis } = readOptions(["redis"], given, process.env);
      const name = given["purge"];
      const purge = typeof name === "string" ? parseValue("--purge", name, runIdForm) : name === true ? "" : null;
      const { runDown } = await import("./verbs/down.ts");
      setExitCode(await runDown({ base: readBase(given), purge, redis: redis ?? null, write }));
    });
}

const readBase = (given: GivenOptions): string =>
  parseValue("--run-dir", readOptions(["runDir"], given, process.env).runDir ?? DEFAULT_BASE, folderForm);

function parseValue<T>(
  option: string,
  value: string,
  form: { expected: string; read(text: string): T | undefined },
): T {
  const read = form.read(value);
  if (read === undefined) throw createError("USAGE_OPTION_INVALID", { option, value, expected: form.expected });
  return read;
}

const write = (line: string): void => void process.stdout.write(`${line}\n`);
const writeError = (line: string): void => void process.stderr.write(`${line}\n`);
