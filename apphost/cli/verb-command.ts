/**
 * A verb as a command. Commander ends at the first thing that is wrong, so it is told to take everything, and what is
 * wrong is found here.
 *
 * V1 All of it is told at once: unknown options, arguments too many or missing, and each value of another form.
 *    An option without its value has an empty one, which no form takes.
 * V2 What is repeated of the command line may be a password under a name that we do not know, and is masked.
 */
import { Command, type ErrorOptions, type Option } from "commander";
import { type AppError, createError } from "../../simulator/common/foundation/errors.ts";
import { MASK, maskTyped } from "../../simulator/common/foundation/mask.ts";
import type { ValueForm } from "../option-values.ts";
import { type GivenOptions, inspectOptions, type Variables } from "../options.ts";
import { findNearest } from "../usage.ts";
import { FormOption } from "./command-options.ts";
import { formatVerbHelp } from "./verb-help.ts";

export interface VerbArgument {
  readonly name: string;
  readonly help: string;
  readonly isNeeded: boolean;
  /** The last one may take all that follow. */
  readonly isMany: boolean;
  readonly form?: ValueForm<unknown>;
  /** What it may be, for completion. */
  readonly choices?: readonly string[];
}

export class VerbCommand extends Command {
  readonly verbArguments: readonly VerbArgument[];

  constructor(program: Command, name: string, verbArguments: readonly VerbArgument[] = []) {
    super(name);
    this.verbArguments = verbArguments;
    this.copyInheritedSettings(program).allowUnknownOption().allowExcessArguments();
    for (const { name: argument, help, isMany } of verbArguments) {
      this.argument(isMany ? `[${argument}...]` : `[${argument}]`, help);
    }
    this.usage(this.#usage());
    this.addHelpText("after", () => formatVerbHelp(name));
    program.addCommand(this);
  }

  /** Commander ends at an option that lacks its value. It goes on with an empty one when it does not (V1). */
  override error(message: string, options?: ErrorOptions): never {
    if (options?.code === "commander.optionMissingArgument") return undefined as never;
    return super.error(message, options);
  }

  /** Arguments that are no options. */
  get operands(): readonly string[] {
    return this.args.filter((arg, index) => !isOptionLike(arg) && !isValueOfUnknown(this.args, index));
  }

  /** V1. Empty: the verb may begin. */
  findProblems(env: Variables): AppError[] {
    return [...this.findSyntaxProblems(), ...this.#findWrongValues(env)];
  }

  /** What is wrong with the line itself, whatever the values of its options. */
  findSyntaxProblems(): AppError[] {
    return [...this.#findUnknownOptions(), ...this.#findWrongArguments()];
  }

  #findWrongValues(env: Variables): AppError[] {
    const given: GivenOptions = this.opts();
    const known = this.options.filter((option): option is FormOption => option instanceof FormOption);
    const ofHost = known.flatMap(({ traits }) => traits.hostOption ?? []);
    return [
      ...inspectOptions(ofHost, given, env).problems.map(({ error }) => error),
      ...known.flatMap((option) => findWrongValue(option, given[option.attributeName()])),
    ];
  }

  #usage(): string {
    const words = this.verbArguments.map(({ name, isNeeded, isMany }) => {
      const word = isMany ? `${name}...` : name;
      return isNeeded ? `<${word}>` : `[${word}]`;
    });
    return ["[options]", ...words].join(" ");
  }

  #findUnknownOptions(): AppError[] {
    const known = this.options.filter(({ hidden }) => !hidden).flatMap(({ long }) => long?.slice(2) ?? []);
    return this.args.filter(isOptionLike).map((arg) => {
      const [, flag = arg, value] = /^([^=]*)(=.*)?$/s.exec(arg) ?? [];
      if (value !== undefined && known.includes(flag.replace(/^--/, ""))) return refuseFlagValue(flag, value);
      const nearest = findNearest(flag.replace(/^-+/, ""), known);
      return createError("USAGE_OPTION_UNKNOWN", {
        option: value === undefined ? maskTyped(flag) : `${flag}=${MASK}`,
        nearest: nearest === null ? null : `--${nearest}`,
        verb: this.name(),
      });
    });
  }

  #findWrongArguments(): AppError[] {
    const { operands } = this;
    const call = { verb: this.name(), usage: this.#usage() };
    const takesAll = this.verbArguments.at(-1)?.isMany === true;
    const excess = takesAll ? [] : operands.slice(this.verbArguments.length);
    return [
      ...excess.map((argument) => createError("USAGE_ARGUMENT_UNEXPECTED", { argument: maskTyped(argument), ...call })),
      ...this.verbArguments.flatMap(({ name, isNeeded, form }, index) => {
        const typed = operands[index];
        if (typed === undefined) {
          return isNeeded ? [createError("USAGE_ARGUMENT_MISSING", { argument: `<${name}>`, ...call })] : [];
        }
        if (form === undefined || form.read(typed) !== undefined) return [];
        const { expected } = form;
        return [createError("USAGE_OPTION_INVALID", { option: `<${name}>`, value: maskTyped(typed), expected })];
      }),
    ];
  }
}

/** Commander takes an option without a value that was given one for an option that it does not know. */
const refuseFlagValue = (option: string, value: string): AppError =>
  createError("USAGE_OPTION_INVALID", {
    option,
    value: maskTyped(value.slice(1)),
    expected: "no value: give it alone, or omit it",
  });

/** A negative number is a value. */
const isOptionLike = (arg: string): boolean => /^-./.test(arg) && !/^-\d/.test(arg);

/** What follows an unknown option may be its value, and is not judged by itself. */
const isValueOfUnknown = (args: readonly string[], index: number): boolean => {
  const former = args[index - 1];
  return former !== undefined && isOptionLike(former) && !former.includes("=");
};

/** Those of the table are read by their own reader. */
function findWrongValue({ traits, long }: FormOption, value: unknown): AppError[] {
  const { form, hostOption, isNeeded } = traits;
  if (hostOption !== null || form === null) return [];
  const option = long ?? "";
  if (value === undefined) {
    return isNeeded ? [createError("USAGE_OPTION_MISSING", { option, expected: form.expected })] : [];
  }
  if (typeof value !== "string" || form.read(value) !== undefined) return [];
  return [createError("USAGE_OPTION_INVALID", { option, value: maskTyped(value), expected: form.expected })];
}

/** For help: what commander would say of an option, and all that ours know of themselves. */
export const describeOption = (option: Option): string =>
  option instanceof FormOption ? option.describe() : option.description;
