/** Options as the command line has them, made from the table of options and from forms. Shared by the verbs. */
import { Option } from "commander";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { maskTyped } from "../../simulator/common/foundation/mask.ts";
import { findBase, type HostChoice } from "../control/running-host.ts";
import { folderForm, runIdForm, type ValueForm } from "../option-values.ts";
import { type GivenOptions, type HostOptions, OPTION_TABLE, readOptions } from "../options.ts";
import { requireOwnBase } from "../run/run-folder.ts";

export type SetExitCode = (code: number) => void;

const FLAGS: readonly (keyof HostOptions)[] = [
  "allowRemote",
  "allowRejected",
  "fixedPorts",
  "once",
  "isolated",
  "detach",
  "withKafkaUi",
];

export function createOption(name: keyof HostOptions): Option {
  const { flag, help, hidden } = OPTION_TABLE[name];
  const option = new Option(FLAGS.includes(name) ? `--${flag}` : `--${flag} <value>`, help);
  return hidden === true ? option.hideHelp() : option;
}

export const createRunOption = (): Option => new Option("--run <id>", "the run, where the folder has several");

export const createFormatOption = (values: readonly [string, ...string[]]): Option =>
  new Option("--format <value>", values.join(" or ")).default(values[0]);

/** The value of an option that has one, by default or by the command line. */
export function parseValue<T>(option: string, given: GivenOptions, form: ValueForm<T>): T {
  const value = String(given[option]);
  const read = form.read(value);
  if (read !== undefined) return read;
  const expected = form.expected;
  throw createError("USAGE_OPTION_INVALID", { option: `--${option}`, value: maskTyped(value), expected });
}

export const parseOptional = <T>(option: string, given: GivenOptions, form: ValueForm<T>): T | null =>
  given[option] === undefined ? null : parseValue(option, given, form);

/** The folder of runs, which must be this user's own, and the run that --run names. */
export function readChoice(given: GivenOptions): HostChoice {
  const { runDir } = readOptions(["runDir"], given, process.env);
  if (runDir !== undefined && folderForm.read(runDir) === undefined) {
    throw createError("USAGE_OPTION_INVALID", { option: "--run-dir", value: runDir, expected: folderForm.expected });
  }
  const base = runDir ?? findBase(process.cwd());
  requireOwnBase(base);
  return { base, run: parseOptional("run", given, runIdForm) };
}
