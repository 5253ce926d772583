/**
 * The command line: verbs and their options, as `options.ts` has them. Wrong usage ends with 2 and one clear line, before
 * anything is started.
 */
import { Command, CommanderError } from "commander";
import { describeError } from "../../simulator/common/foundation/errors.ts";
import { MASK, maskTyped } from "../../simulator/common/foundation/mask.ts";
import { EXIT, exitCodeOfError } from "../exit-code.ts";
import { oneOf } from "../option-values.ts";
import { type GivenOptions, type HostOptions, OPTION_TABLE, readOptions, type Verb } from "../options.ts";
import { readPackageVersion } from "../package-version.ts";
import { type Given, type PreparedRun, prepareBuiltIn, prepareDeclared } from "../preparation.ts";
import { createFormatOption, createOption, parseValue, type SetExitCode } from "./command-options.ts";
import { addHostVerbs } from "./host-verbs.ts";

/** Returns the exit code. Nothing is thrown: what went wrong is on standard error. */
export async function runCli(args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.passed;
  const program = createProgram(args, (code) => {
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

/** What is refused is repeated by the parser, and may be a password under a name that we do not know. */
function maskArguments(text: string, args: readonly string[]): string {
  return args.reduce((masked, arg) => {
    const name = /^(--?[\w-]+)=./s.exec(arg)?.[1];
    return masked.replaceAll(arg, name === undefined ? maskTyped(arg) : `${name}=${MASK}`);
  }, text);
}

/** They make sense for a host that stays. */
const STAYING_ONLY: readonly string[] = ["once", "detach"];

function createProgram(args: readonly string[], setExitCode: SetExitCode): Command {
  const program = new Command("flink-apphost")
    .description("Starts a Flink-style streaming system and proves that it neither loses nor duplicates a message.")
    .version(readPackageVersion())
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(maskArguments(text, args)) });
  addRunVerb(program, "up", "start everything, produce, validate, and stay up", { args, setExitCode });
  addRunVerb(program, "stress", "a fresh run that ends with its verdict", { args, setExitCode });
  addHostVerbs(program, setExitCode);
  addDoctor(program, setExitCode);
  return program;
}

function addRunVerb(
  program: Command,
  verb: Verb,
  description: string,
  { args, setExitCode }: { readonly args: readonly string[]; readonly setExitCode: SetExitCode },
): void {
  const command = program.command(verb).description(description).exitOverride();
  for (const name of Object.keys(OPTION_TABLE) as (keyof HostOptions)[]) {
    if (verb !== "stress" || !STAYING_ONLY.includes(name)) command.addOption(createOption(name));
  }
  command.action(async (given: GivenOptions) => {
    const prepared = await prepareRun({ verb, options: given, env: process.env });
    if (prepared.options.detach) {
      const { runDetached } = await import("./detach.ts");
      const { withOutput } = await import("./terminal.ts");
      setExitCode(await withOutput((terminal) => runDetached(args, prepared.options, terminal)));
    } else {
      const { runUp } = await import("./up.ts");
      setExitCode(await runUp(verb, prepared));
    }
  });
}

/** A user's file decides more than its own resources: it is read before the options are. */
async function prepareRun(given: Given): Promise<PreparedRun> {
  const { apphost } = readOptions(["apphost"], given.options, given.env);
  if (apphost === undefined || apphost === null) return prepareBuiltIn(given);
  const { loadAppHostFile } = await import("./apphost-file.ts");
  return prepareDeclared(await loadAppHostFile(apphost), apphost, given);
}

/** What decides whether a run can work here; the rest of `up`'s options changes nothing in that. */
const DOCTOR_OPTIONS: readonly (keyof HostOptions)[] = [
  ...(["messages", "messageSize", "taskManagers", "infra", "kafka", "redis", "allowRemote"] as const),
  ...([
    "kafkaImage",
    "redisImage",
    "kafkaHeapBytes",
    "dockerNetwork",
    "runDir",
    "embeddedMemoryBytes",
    "fixedPorts",
  ] as const),
];

function addDoctor(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command("doctor")
    .description("tell whether `up` would work here with these options, and what to do where not")
    .exitOverride()
    .addOption(createFormatOption(["table", "json"]));
  for (const name of DOCTOR_OPTIONS) command.addOption(createOption(name));
  command.action(async (given: GivenOptions) => {
    const format = parseValue("format", given, oneOf(["table", "json"] as const));
    const { runDoctor } = await import("./doctor.ts");
    setExitCode(await runDoctor(given, format));
  });
}
