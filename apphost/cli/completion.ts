/**
 * Completion of a command line: which words may stand where the cursor is. Made from the same description of verbs and
 * options that reads the command line, so that neither knows a word that the other does not. Pure.
 */
import type { Command } from "commander";
import { FormOption } from "./command-options.ts";
import { VerbCommand } from "./verb-command.ts";

export interface Candidate {
  readonly word: string;
  readonly help: string;
}

export type Completion =
  | { readonly kind: "words"; readonly candidates: readonly Candidate[] }
  /** A path is wanted, and the shell knows those best. */
  | { readonly kind: "files" };

/** Forms whose values are paths. */
const PATHS: readonly (string | undefined)[] = ["file", "folder"];

/** `words`: those after the program's name, the one under the cursor last. `resources`: what this verb can name. */
export function completeWords(program: Command, words: readonly string[], resources: readonly string[]): Completion {
  const [name = "", ...rest] = splitAssignments(words);
  const verbs = program.commands.filter((command) => !isHidden(program, command));
  const verbNames = verbs.map((verb) => ({ word: verb.name(), help: verb.description() }));
  if (rest.length === 0) return choose(verbNames, name);
  if (name === "help") return choose(rest.length === 1 ? verbNames : [], rest[0] ?? "");
  const verb = verbs.find((command) => command.name() === name);
  return verb instanceof VerbCommand ? completeOfVerb(verb, rest, resources) : choose([], "");
}

/** Bash gives `--infra=em` as three words, and `--infra=` as two: they are read as if the equals sign were a space. */
const splitAssignments = (words: readonly string[]): string[] =>
  words.flatMap((word, index) => (word !== "=" ? [word] : index === words.length - 1 ? [""] : []));

function completeOfVerb(verb: VerbCommand, words: readonly string[], resources: readonly string[]): Completion {
  const current = words.at(-1) ?? "";
  const assigned = /^(--[\w-]+=)(.*)$/s.exec(current);
  if (assigned !== null) {
    const [, start = "", value = ""] = assigned;
    return completeValue(findOption(verb, start.slice(0, -1)), value, start);
  }
  const option = findOption(verb, words.at(-2) ?? "");
  if (option !== undefined && option.traits.form !== null) return completeValue(option, current, "");
  if (current.startsWith("-")) return choose(listOptions(verb), current);
  return completeArgument(verb, words, resources);
}

const findOption = (verb: Command, flag: string): FormOption | undefined =>
  verb.options.find(
    (option): option is FormOption =>
      option instanceof FormOption && flag !== "" && [option.short, option.long].includes(flag),
  );

const listOptions = (verb: Command): Candidate[] =>
  verb.options
    .filter(({ hidden }) => !hidden)
    .map(({ long, description }) => ({ word: long ?? "", help: description }));

function completeValue(option: FormOption | undefined, value: string, start: string): Completion {
  const form = option?.traits.form ?? null;
  if (PATHS.includes(form?.placeholder)) return { kind: "files" };
  const candidates = (form?.choices ?? []).map((choice) => ({ word: `${start}${choice}`, help: "" }));
  return choose(candidates, `${start}${value}`);
}

/** The operands before the cursor say which argument it is. */
function completeArgument(verb: VerbCommand, words: readonly string[], resources: readonly string[]): Completion {
  const former = words.slice(0, -1).filter((word, index) => {
    const option = findOption(verb, words[index - 1] ?? "");
    return !word.startsWith("-") && (option === undefined || option.traits.form === null);
  });
  const wanted = verb.verbArguments[former.length] ?? verb.verbArguments.at(-1);
  const isBeyond = former.length >= verb.verbArguments.length && wanted?.isMany !== true;
  if (wanted === undefined || isBeyond) return choose([], "");
  const known = wanted.isMany ? resources.filter((name) => !former.includes(name)) : (wanted.choices ?? []);
  return choose(
    known.map((word) => ({ word, help: "" })),
    words.at(-1) ?? "",
  );
}

const choose = (candidates: readonly Candidate[], start: string): Completion => ({
  kind: "words",
  candidates: candidates.filter(({ word }) => word.startsWith(start)),
});

const isHidden = (program: Command, command: Command): boolean =>
  !program.createHelp().visibleCommands(program).includes(command);

/** As the shells' functions read it: a word and its help a line, or that paths are wanted. */
export function formatCompletion(completion: Completion): string[] {
  if (completion.kind === "files") return [FILES_WANTED];
  return completion.candidates.map(({ word, help }) => `${word}\t${help}`);
}

const FILES_WANTED = ":files";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** The name by which the shells' functions ask. */
export const COMPLETE_VERB = "complete-words";

/**
 * What was typed goes to the program as it is, as arguments: nothing of a command line that nobody has entered yet is
 * evaluated. No script needs anything beside its shell.
 */
export const COMPLETION_SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `_flink_apphost() {
  local word help
  COMPREPLY=()
  while IFS=$'\\t' read -r word help; do
    if [[ $word == ${FILES_WANTED} ]]; then
      compopt -o default 2>/dev/null
    else
      COMPREPLY+=("$word")
    fi
  done < <("\${COMP_WORDS[0]}" ${COMPLETE_VERB} -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _flink_apphost flink-apphost`,
  zsh: `#compdef flink-apphost
_flink_apphost() {
  local -a lines candidates
  local line
  lines=("\${(@f)$("\${words[1]}" ${COMPLETE_VERB} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ \${lines[1]} == ${FILES_WANTED} ]]; then
    _files
    return
  fi
  for line in "\${lines[@]}"; do
    if [[ -n $line ]]; then candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}"); fi
  done
  _describe flink-apphost candidates
}
compdef _flink_apphost flink-apphost`,
  fish: `function __flink_apphost
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in (command $words[1] ${COMPLETE_VERB} -- $words[2..-1] "$current" 2>/dev/null)
        if test "$line" = "${FILES_WANTED}"
            __fish_complete_path "$current"
        else
            printf '%s\\n' "$line"
        end
    end
end
complete -c flink-apphost -f -a '(__flink_apphost)'`,
};
