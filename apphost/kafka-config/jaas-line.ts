/**
 * `sasl.jaas.config`: one login module with its options, as Kafka's JaasConfig reads it with Java's StreamTokenizer. Pure.
 *
 *   org.apache.kafka.common.security.scram.ScramLoginModule required username="alice" password="…";
 *
 * A value is a word, or a text in " or ' with C's escapes. What begins like a number is one for the tokenizer, and so no
 * value; it goes into quotes. A / outside of quotes begins a comment.
 */

export interface LoginModule {
  /** With its package. */
  readonly name: string;
  readonly options: ReadonlyMap<string, string>;
}

export type JaasReading =
  | { readonly kind: "read"; readonly module: LoginModule }
  /** Completes "sasl.jaas.config cannot be read: …"; without any value. */
  | { readonly kind: "refused"; readonly reason: string };

type Token =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "sign"; readonly sign: string }
  | { readonly kind: "number" | "unterminated" };

/** In the order in which they are tried. */
const TOKEN =
  /\s+|\/\*[\s\S]*?\*\/|\/[^\r\n]*|(?<number>[-.\d][-\w.$]*)|(?<word>[A-Za-z_$\u00a0-\uffff][-\w.$\u00a0-\uffff]*)|"(?<double>(?:[^"\\\r\n]|\\[\s\S])*)"|'(?<single>(?:[^'\\\r\n]|\\[\s\S])*)'|(?<sign>[\s\S])/gu;

const CONTROL_FLAGS: readonly string[] = ["required", "requisite", "sufficient", "optional"];

export function parseJaasLine(line: string): JaasReading {
  const tokens = [...line.matchAll(TOKEN)].map(({ groups }) => toToken(groups)).filter((token) => token !== null);
  const [name, flag, ...rest] = tokens;
  if (name?.kind !== "text") return refused("it begins with no login module");
  if (flag?.kind !== "text" || !CONTROL_FLAGS.includes(flag.text.toLowerCase())) {
    return refused(`its module is not followed by ${CONTROL_FLAGS.join(", ")}`);
  }
  const end = rest.findIndex((token) => token.kind === "sign" && token.sign === ";");
  const options = readOptions(end < 0 ? rest : rest.slice(0, end));
  if (typeof options === "string") return refused(options);
  if (end < 0) return refused("it does not end with a semicolon");
  if (end < rest.length - 1) return refused("it has more than one login module");
  return { kind: "read", module: { name: name.text, options } };
}

/** A text says what is wrong. */
function readOptions(tokens: readonly Token[]): ReadonlyMap<string, string> | string {
  const options = new Map<string, string>();
  for (let i = 0; i < tokens.length; i += 3) {
    const [key, equals, value] = tokens.slice(i, i + 3);
    if (key?.kind === "unterminated" || value?.kind === "unterminated") return "a quotation mark is not closed";
    if (key?.kind !== "text") return "it has something other than an option where one should begin";
    if (equals?.kind !== "sign" || equals.sign !== "=") return `its option ${key.text} is not followed by =`;
    if (value?.kind === "number") return `the value of its option ${key.text} begins like a number: put it in quotes`;
    if (value?.kind !== "text") return `its option ${key.text} has no value: put it in quotes if it has signs`;
    options.set(key.text, value.text);
  }
  return options;
}

/** null: blanks and comments. */
function toToken(groups: Readonly<Record<string, string | undefined>> | undefined): Token | null {
  const { number, word, double, single, sign } = groups ?? {};
  if (number !== undefined) return { kind: "number" };
  const quoted = double ?? single;
  if (quoted !== undefined) return { kind: "text", text: resolveEscapes(quoted) };
  if (word !== undefined) return { kind: "text", text: word };
  if (sign === undefined) return null;
  return sign === '"' || sign === "'" ? { kind: "unterminated" } : { kind: "sign", sign };
}

const CONTROLS: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

const resolveEscapes = (text: string): string =>
  text.replace(/\\(?:([0-3][0-7]{0,2}|[4-7][0-7]?)|([\s\S]))/g, (_, octal: string | undefined, sign: string) =>
    octal === undefined ? (CONTROLS[sign] ?? sign) : String.fromCharCode(Number.parseInt(octal, 8)),
  );

const refused = (reason: string): JaasReading => ({ kind: "refused", reason });
