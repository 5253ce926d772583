/** Options as the command line has them, made from the table of options and from forms. Shared by the verbs. */
import { Option } from "commander";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { maskTyped } from "../../simulator/common/foundation/mask.ts";
import { findBase, type HostChoice } from "../control/running-host.ts";
import { oneOf, runIdForm, type ValueForm, yesOrNo } from "../option-values.ts";
import { defaultsOf, type GivenOptions, type HostOptions, OPTION_TABLE, readOptions, type Verb } from "../options.ts";
import { requireOwnBase } from "../run/run-folder.ts";
import { variablesOf } from "../variables.ts";

export type SetExitCode = (code: number) => void;

export interface OptionTraits {
  readonly flags: string;
  readonly help: string;
  /** Null: a flag, which has no value. */
  readonly form: ValueForm<unknown> | null;
  /** As a person would give it; null: none. */
  readonly defaultText: string | null;
  /** In the table of options, whose variables are read where the command line does not have it. Null: of this verb alone. */
  readonly hostOption: keyof HostOptions | null;
  /** Without it the verb means nothing. */
  readonly isNeeded: boolean;
}

/** Knows the form of its values: help shows it, completion offers it, and `VerbCommand` holds every value to it. */
export class FormOption extends Option {
  readonly traits: OptionTraits;

  constructor(traits: OptionTraits) {
    const { flags, help, form } = traits;
    super(form === null ? flags : `${flags} <${form.placeholder ?? "value"}>`, help);
    this.traits = traits;
    // Commander's own `choices` would end the reading of the command line at the first wrong value.
    if (form?.choices !== undefined) this.argChoices = [...form.choices];
  }

  /** What it does, and in brackets the form of its values, its default, and its variables. */
  describe(): string {
    const { help, form, defaultText, hostOption, isNeeded } = this.traits;
    const details = [
      ...(form === null ? [] : [form.expected]),
      ...(isNeeded ? ["required"] : []),
      ...(defaultText === null ? [] : [`default ${defaultText}`]),
      ...(hostOption === null ? [] : [variablesOf(hostOption).join(" or ")]),
    ];
    return details.length === 0 ? help : `${help} (${details.join("; ")})`;
  }
}

/** An option of the table. */
export function createOption(name: keyof HostOptions, defaultText: string | null = null): Option {
  const { flag, help, hidden, form } = OPTION_TABLE[name];
  const isFlag = (form as ValueForm<unknown>) === yesOrNo;
  const option = new FormOption({
    flags: `--${flag}`,
    help,
    form: isFlag ? null : (form as ValueForm<unknown>),
    defaultText,
    hostOption: name,
    isNeeded: false,
  });
  return hidden === true ? option.hideHelp() : option;
}

/** What a run has without the option, as a person would give it; null: nothing. */
export function describeDefault(name: keyof HostOptions, verb: Verb): string | null {
  const { defaultText, form } = OPTION_TABLE[name];
  if (defaultText !== undefined) return defaultText;
  const value = defaultsOf(verb)[name];
  if (value === null || typeof value === "boolean") return null;
  return (form as ValueForm<unknown>).show?.(value) ?? String(value);
}

/** Of one verb, with a value. */
export function createValueOption(
  flags: string,
  form: ValueForm<unknown>,
  help: string,
  more: { readonly default?: string; readonly isNeeded?: boolean } = {},
): Option {
  const { default: defaultText = null, isNeeded = false } = more;
  const option = new FormOption({ flags, help, form, defaultText, hostOption: null, isNeeded });
  return defaultText === null ? option : option.default(defaultText);
}

/** Of one verb, without a value. */
export const createFlag = (flags: string, help: string): Option =>
  new FormOption({ flags, help, form: null, defaultText: null, hostOption: null, isNeeded: false });

export const createRunOption = (): Option =>
  createValueOption("--run", runIdForm, "the run, where the folder has several");

export const createFormatOption = (values: readonly [string, ...string[]]): Option =>
  createValueOption("--format", oneOf(values), "how it is printed", { default: values[0] });

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
  const base = runDir ?? findBase(process.cwd());
  requireOwnBase(base);
  return { base, run: parseOptional("run", given, runIdForm) };
}
