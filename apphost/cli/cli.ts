/**
 * The command line: verbs and their options, as `options.ts` has them. Wrong usage ends with 2 and one clear message, before
 * anything is started.
 */
import { Command, CommanderError } from "commander";
import { present } from "../../simulator/common/foundation/assert.ts";
import { createError, describeError } from "../../simulator/common/foundation/errors.ts";
import { escapeForTerminal } from "../../simulator/common/foundation/foreign-syntax.ts";
import { MASK, maskTyped } from "../../simulator/common/foundation/mask.ts";
import { resolveUiMode } from "../dashboard/ui-mode.ts";
import { EXIT, exitCodeOfError } from "../exit-code.ts";
import { oneOf } from "../option-values.ts";
import { type GivenOptions, type HostOptions, inspectOptions, OPTION_NAMES, type Verb } from "../options.ts";
import { readPackageVersion } from "../package-version.ts";
import { type Given, type PreparedRun, prepareBuiltIn, prepareDeclared } from "../preparation.ts";
import { findNearest, throwUsage } from "../usage.ts";
import { describeUnknownVariables } from "../variables.ts";
import { createFormatOption, createOption, describeDefault, parseValue, type SetExitCode } from "./command-options.ts";
import { COMPLETE_VERB, COMPLETION_SCRIPTS, completeWords, formatCompletion, SHELLS } from "./completion.ts";
import { addHostVerbs } from "./host-verbs.ts";
import { addPublishOptions, publishTarget, readPublishRequest } from "./publish-options.ts";
import { addValidateOptions, readValidation } from "./validate-options.ts";
import { describeOption, type VerbArgument, VerbCommand } from "./verb-command.ts";

/** Returns the exit code. Nothing is thrown: what went wrong is on standard error. */
export async function runCli(args: readonly string[]): Promise<number> {
  try {
    return await runProgram(foldJarArguments(args));
  } catch (error) {
    process.stderr.write(`flink-apphost: ${escapeForTerminal(describeError(error))}\n`);
    return exitCodeOfError(error);
  }
}

/** `up … -- WORD…`: the words are those of the job in --jar, whatever they look like. */
export function foldJarArguments(args: readonly string[]): readonly string[] {
  const at = args.indexOf("--");
  const isOfRun = args[0] === "up" || args[0] === "stress";
  return at < 0 || !isOfRun ? args : [...args.slice(0, at), `--jar-arguments=${JSON.stringify(args.slice(at + 1))}`];
}

async function runProgram(args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.passed;
  let help = "";
  const program = createProgram(args, {
    setExitCode: (code) => {
      exitCode = code;
    },
    // Commander ends with an error after it, and does not look whether it could be written.
    takeHelp: (text) => {
      help += text;
    },
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? printLines(help.replace(/\n$/, "").split("\n")) : EXIT.usage;
  }
}

async function printLines(lines: readonly string[]): Promise<number> {
  const { withOutput } = await import("./terminal.ts");
  return withOutput(async ({ write }) => {
    for (const line of lines) await write(line);
    return EXIT.passed;
  });
}

/** Its "error:" names nobody, where several programs write to one terminal. */
const formatParserError = (text: string, args: readonly string[]): string =>
  escapeForTerminal(maskArguments(text.replace(/^error: /, "flink-apphost: "), args));

/** Every path of a verb begins here, and the system's own words for its loss help nobody. */
function requireCurrentFolder(): void {
  try {
    process.cwd();
  } catch (error) {
    throw createError("CURRENT_FOLDER_MISSING", {}, error);
  }
}

/** What is refused is repeated by the parser, and may be a password under a name that we do not know. */
function maskArguments(text: string, args: readonly string[]): string {
  return args.reduce((masked, arg) => {
    const name = /^(--?[\w-]+)=./s.exec(arg)?.[1];
    return masked.replaceAll(arg, name === undefined ? maskTyped(arg) : `${name}=${MASK}`);
  }, text);
}

/** They make sense for a host that stays. */
const STAYING_ONLY: readonly string[] = ["once", "detach"];

export interface ProgramEnds {
  readonly setExitCode: SetExitCode;
  /** Of help that was asked for, and of the version: text as it is to be printed. */
  readonly takeHelp: (text: string) => void;
}

export function createProgram(args: readonly string[], { setExitCode, takeHelp }: ProgramEnds): Command {
  const program = new Command("flink-apphost")
    .description("Starts a Flink-style streaming system and proves that it neither loses nor duplicates a message.")
    .version(readPackageVersion())
    .helpCommand(false)
    .exitOverride()
    .configureHelp({ optionDescription: describeOption })
    .configureOutput({ writeOut: takeHelp, outputError: (text, write) => write(formatParserError(text, args)) })
    .hook("preAction", (_, verb) => {
      if (!(verb instanceof VerbCommand)) return;
      requireCurrentFolder();
      for (const notice of describeUnknownVariables(process.env)) process.stderr.write(`flink-apphost: ${notice}\n`);
    });
  addRunVerb(program, "up", "start everything, produce, validate, and stay up", { args, setExitCode });
  addRunVerb(program, "stress", "a fresh run that ends with its verdict", { args, setExitCode });
  addHostVerbs(program, setExitCode);
  addDoctor(program, setExitCode);
  addPublish(program, setExitCode);
  addValidate(program, setExitCode);
  addCompletion(program, setExitCode);
  addHelp(program);
  return program;
}

function addRunVerb(
  program: Command,
  verb: Verb,
  description: string,
  { args, setExitCode }: { readonly args: readonly string[]; readonly setExitCode: SetExitCode },
): void {
  const command = new VerbCommand(program, verb).description(description) as VerbCommand;
  for (const name of OPTION_NAMES) {
    if (verb !== "stress" || !STAYING_ONLY.includes(name))
      command.addOption(createOption(name, describeDefault(name, verb)));
  }
  command.action(async () => {
    const problems = command.findSyntaxProblems();
    const prepared = await prepareRun({ verb, options: command.opts(), env: process.env, problems });
    if (prepared.options.detach) {
      const { runDetached } = await import("./detach.ts");
      const { withOutput } = await import("./terminal.ts");
      setExitCode(await withOutput((terminal) => runDetached(args, prepared.options, terminal)));
      return;
    }
    const { stdin, stdout, env } = process;
    const ui = resolveUiMode({ ui: prepared.options.ui, stdin, stdout, env });
    if (ui === "tui") {
      const { runOnTerminal } = await import("./terminal-run.ts");
      setExitCode(await runOnTerminal(args, prepared.options));
    } else {
      const { runUp } = await import("./up.ts");
      setExitCode(await runUp(verb, ui, prepared));
    }
  });
}

/** A user's file decides more than its own resources: it is read before the options are resolved. */
async function prepareRun(given: Given): Promise<PreparedRun> {
  const prepared = await prepareApplication(given);
  const { expect } = prepared.options;
  if (expect !== null) {
    const { checkExpectationFile } = await import("./apphost-file.ts");
    await checkExpectationFile(expect);
  }
  return prepared;
}

async function prepareApplication(given: Given): Promise<PreparedRun> {
  const { values, problems } = inspectOptions(OPTION_NAMES, given.options, given.env);
  const { apphost } = values;
  if (apphost === undefined || apphost === null) return prepareBuiltIn(given);
  // Its code is not run for a command line that will be refused.
  throwUsage([...(given.problems ?? []), ...problems.map(({ error }) => error)]);
  const { loadAppHostFile } = await import("./apphost-file.ts");
  return prepareDeclared(await loadAppHostFile(apphost), apphost, given);
}

/** What decides whether a run can work here; the rest of `up`'s options changes nothing in that. */
const DOCTOR_OPTIONS: readonly (keyof HostOptions)[] = [
  "messages",
  "messageSize",
  "engine",
  "flink",
  "sqlGateway",
  "taskManagers",
  "infra",
  "kafka",
  "kafkaConfig",
  "redis",
  "allowRemote",
  "kafkaImage",
  "redisImage",
  "kafkaHeapBytes",
  "dockerNetwork",
  "runDir",
  "embeddedMemoryBytes",
  "fixedPorts",
];
const DOCTOR_FORMATS = ["table", "json"] as const;

function addDoctor(program: Command, setExitCode: SetExitCode): void {
  const command = new VerbCommand(program, "doctor");
  command
    .description("tell whether `up` would work here with these options, and what to do where not")
    .addOption(createFormatOption(DOCTOR_FORMATS));
  for (const name of DOCTOR_OPTIONS) command.addOption(createOption(name, describeDefault(name, "up")));
  command.action(async () => {
    // What is wrong with variables is a finding of its table.
    throwUsage(command.findProblems({}));
    const given: GivenOptions = command.opts();
    const format = parseValue("format", given, oneOf(DOCTOR_FORMATS));
    const { runDoctor } = await import("./doctor.ts");
    const { withOutput } = await import("./terminal.ts");
    setExitCode(await withOutput((terminal) => runDoctor(given, format, terminal)));
  });
}

function addPublish(program: Command, setExitCode: SetExitCode): void {
  const command = new VerbCommand(program, "publish", [publishTarget]);
  addPublishOptions(command);
  command.description("write the application as files that run it without this program").action(async () => {
    throwUsage(command.findProblems(process.env));
    const request = readPublishRequest(String(command.operands[0]), command.opts(), process.env);
    const { runPublish } = await import("./publish.ts");
    const { withTerminal } = await import("./terminal.ts");
    setExitCode(await withTerminal((terminal) => runPublish(request, terminal)));
  });
}

function addValidate(program: Command, setExitCode: SetExitCode): void {
  const command = new VerbCommand(program, "validate");
  addValidateOptions(command);
  command.description("judge a job on Flink in a cluster: what it counted, beside the topic").action(async () => {
    throwUsage(command.findProblems(process.env));
    const validation = readValidation(command.opts(), process.env);
    const { runValidate } = await import("./validate.ts");
    const { withTerminal } = await import("./terminal.ts");
    setExitCode(await withTerminal((terminal) => runValidate(validation, terminal)));
  });
}

const shellArgument: VerbArgument = {
  name: "shell",
  help: oneOf(SHELLS).expected,
  isNeeded: true,
  isMany: false,
  form: oneOf(SHELLS),
  choices: SHELLS,
};

/** The script that a shell takes, and the hidden verb by which it asks what may stand at the cursor. */
function addCompletion(program: Command, setExitCode: SetExitCode): void {
  const command = new VerbCommand(program, "completion", [shellArgument]);
  command.description("print what completes verbs, options and names in a shell").action(async () => {
    throwUsage(command.findProblems(process.env));
    const shell = present(oneOf(SHELLS).read(command.operands[0] ?? ""), "the shell");
    setExitCode(await printLines([COMPLETION_SCRIPTS[shell]]));
  });
  program.command(`${COMPLETE_VERB} [words...]`, { hidden: true }).action(async (words: readonly string[]) => {
    const { listKnownResources } = await import("./known-resources.ts");
    const isNaming = program.commands.some(
      (verb) =>
        verb instanceof VerbCommand && verb.name() === words[0] && verb.verbArguments.some(({ isMany }) => isMany),
    );
    const resources = isNaming ? await listKnownResources(words) : [];
    setExitCode(await printLines(formatCompletion(completeWords(program, words, resources))));
  });
}

/** Commander's own prints the whole help where a verb was mistyped. */
function addHelp(program: Command): void {
  program
    .command("help [verb]")
    .description("print the help of a verb: its options, examples and exit codes")
    .action((name: string | undefined) => {
      if (name === undefined) return program.help();
      const names = program.commands.map((command) => command.name());
      const command = program.commands[names.indexOf(name)];
      if (command !== undefined) return command.help();
      throw createError("USAGE_VERB_UNKNOWN", { verb: maskTyped(name), nearest: findNearest(name, names) });
    });
}
