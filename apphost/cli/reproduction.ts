/** The command line of a run, from the options that its report says it had. Pure. */
import type { Report } from "../../simulator/common/contract/files/report.ts";
import { quoteForShell } from "../../simulator/common/foundation/foreign-syntax.ts";
import type { ValueForm } from "../option-values.ts";
import { defaultsOf, OPTION_NAMES, OPTION_TABLE, type Verb } from "../options.ts";

/** How it was watched and where its files went: nothing that changes what it does. */
const PERSONAL: readonly string[] = ["ui", "runDir", "isolated", "detach"];
/** Nothing that a shell would take for more than a word. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** `command`: the verb, where the run's events say it. What is not in the report has its default. */
export function describeReproduction({ parameters, infra, messages }: Report, command: string | null): string {
  const verb: Verb = command === "stress" ? "stress" : "up";
  const { kafka, redis } = infra;
  // What `auto` came to, so that another machine does not come to something else.
  const isOne = parameters["infra"] === "auto" && kafka.mode === redis.mode && kafka.mode !== "external";
  const values = isOne ? { ...parameters, infra: kafka.mode } : parameters;
  const defaults = defaultsOf(verb);
  const words = OPTION_NAMES.flatMap((name) => {
    const value = values[name];
    const { flag, form, hidden } = OPTION_TABLE[name];
    if (hidden === true || PERSONAL.includes(name) || value === undefined || value === null) return [];
    if (value === defaults[name]) return [];
    if (typeof value === "boolean") return value ? [`--${flag}`] : [`--${flag}=false`];
    // Addresses are in the report as a person gave them.
    const shown = typeof value === "string" ? value : ((form as ValueForm<unknown>).show?.(value) ?? String(value));
    return [`--${flag} ${PLAIN.test(shown) ? shown : quoteForShell(shown)}`];
  });
  const first = Number(parameters["messages"] ?? 0);
  // On somebody else's topic what was asked for is what was in it.
  const further = first > 0 && messages.requested > first ? messages.requested - first : 0;
  return [
    ["npx flink-apphost", verb, ...words].join(" "),
    ...(further === 0 ? [] : [`npx flink-apphost produce --messages ${further}`]),
  ].join("\n");
}
