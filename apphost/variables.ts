/**
 * The variables of options, and those that look like one and are none. An unknown option ends with exit 2, since it was
 * typed for this very command; an unknown variable is a notice, since an environment is shared with other commands and
 * versions. Pure.
 */
import { ENV } from "../simulator/common/contract/child/environment.ts";
import { environmentTwin, type HostOptions, OPTION_TABLE, type Variables } from "./options.ts";
import { findNearest } from "./usage.ts";

const PREFIX = "FLINK_APPHOST_";
const OF_CHILDREN: readonly string[] = Object.values(ENV);

/** The names that are read for an option, the first before the second. */
export function variablesOf(name: keyof HostOptions): string[] {
  const { flag, alias } = OPTION_TABLE[name];
  return alias === undefined ? [environmentTwin(flag)] : [environmentTwin(flag), alias];
}

/** A sentence for each variable with our prefix that is neither an option's nor of a child's environment. */
export function describeUnknownVariables(env: Variables): string[] {
  const known = (Object.keys(OPTION_TABLE) as (keyof HostOptions)[])
    .filter((name) => OPTION_TABLE[name].hidden !== true)
    .flatMap(variablesOf);
  return listUnknownVariables(env).map((name) => {
    const nearest = findNearest(
      name.slice(PREFIX.length),
      known.map((variable) => variable.slice(PREFIX.length)),
    );
    const advice = nearest === null ? "" : `; did you mean ${PREFIX}${nearest}?`;
    return `${name} is not read: no option has that variable${advice}`;
  });
}

export function listUnknownVariables(env: Variables): string[] {
  const known = (Object.keys(OPTION_TABLE) as (keyof HostOptions)[]).flatMap(variablesOf);
  return Object.keys(env).filter(
    (name) =>
      name.startsWith(PREFIX) && (env[name] ?? "") !== "" && !known.includes(name) && !OF_CHILDREN.includes(name),
  );
}
