/**
 * `${NAME}` in a user's SQL and arguments: the names are those that `env` prints. Pure.
 *
 * A1 Comments stay as they are. In single quotes a value's own quotes are doubled, so a value cannot end its string.
 * A2 `$$` is a `$` that begins no variable, as in a compose file.
 */
import type { SqlToken } from "./sql-tokens.ts";

export type JobVariables = Readonly<Record<string, string>>;

/** The topic that the producer fills, the one that the job is to fill, and the consumer group that tells how far it is. */
export const JOB_VARIABLES = { input: "INPUT_TOPIC", output: "OUTPUT_TOPIC", group: "KAFKA_GROUP_ID" } as const;

const VARIABLE = /\$\$|\$\{([^}\r\n]*)\}/g;

/** The names of the variables in it, each as often as it is there. */
export const listVariables = (text: string): string[] =>
  [...text.matchAll(VARIABLE)].flatMap(([, name]) => (name === undefined ? [] : [name]));

/** Throws for a name that has no value: whoever calls it has refused such a text. */
export const fillText = (text: string, variables: JobVariables): string =>
  text.replaceAll(VARIABLE, (_, name: string | undefined) => {
    if (name === undefined) return "$";
    const value = variables[name];
    if (value === undefined) throw new Error(`variable ${name} has no value`);
    return value;
  });

export const listTokenVariables = ({ kind, text }: SqlToken): string[] => (kind === "space" ? [] : listVariables(text));

export function fillStatement(tokens: readonly SqlToken[], variables: JobVariables): string {
  const quoted = Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, value.replaceAll("'", "''")]),
  );
  const fill = ({ kind, text }: SqlToken) => {
    if (kind === "space") return text;
    return fillText(text, kind === "string" || kind === "hint" ? quoted : variables);
  };
  return tokens.map(fill).join("");
}
