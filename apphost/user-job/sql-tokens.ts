/**
 * Flink SQL as far as one must read it to find the ends of statements and the variables in them. Pure.
 *
 * K1 The texts of all tokens, one behind the other, are the script: nothing is lost.
 * K2 What stands in quotes or in a comment is one token, whatever it holds: a `;` in it ends nothing. A quote is doubled
 *    to stand for itself. Block comments do not nest, as in Flink.
 */
export type SqlTokenKind =
  /** Blanks and line ends, and comments; hints (`/*+ … *\/`) are none. */
  | "space"
  | "word"
  /** In single quotes. */
  | "string"
  /** In backticks or double quotes. */
  | "identifier"
  | "hint"
  /** `${NAME}` outside quotes. */
  | "variable"
  | "semicolon"
  | "open"
  | "close"
  | "other";

export interface SqlToken {
  readonly kind: SqlTokenKind;
  readonly text: string;
  /** From 1; where it begins. */
  readonly line: number;
}

/** What was opened and never closed, and the line on which it begins. */
export interface UnclosedPart {
  readonly what: string;
  readonly line: number;
}

/** In this order; each is tried where the one before it does not fit. */
const FORMS: readonly (readonly [SqlTokenKind, RegExp])[] = [
  ["space", /\s+/y],
  ["space", /--[^\r\n]*/y],
  ["hint", /\/\*\+[\s\S]*?\*\//y],
  ["space", /\/\*[\s\S]*?\*\//y],
  ["string", /'(?:[^']|'')*'/y],
  ["identifier", /`(?:[^`]|``)*`/y],
  ["identifier", /"(?:[^"]|"")*"/y],
  ["variable", /\$\{[^}\r\n]*\}/y],
  ["word", /[\p{L}_][\p{L}\p{N}_]*/uy],
  ["semicolon", /;/y],
  ["open", /\(/y],
  ["close", /\)/y],
  ["other", /\$\$|[\s\S]/uy],
];

const OPENERS: Readonly<Record<string, string>> = {
  "/*": "a comment",
  "'": "a quote (')",
  "`": "a quoted name (`)",
  '"': 'a quoted name (")',
};

export function readTokens(script: string): { readonly tokens: readonly SqlToken[]; readonly unclosed?: UnclosedPart } {
  const tokens: SqlToken[] = [];
  let line = 1;
  for (let at = 0; at < script.length; ) {
    const unclosed = OPENERS[script.slice(at, at + 2)] ?? OPENERS[script[at] ?? ""];
    const { kind, text } = readToken(script, at);
    // Whatever opens something and is no whole token of its own is a single sign here.
    if (unclosed !== undefined && kind === "other") return { tokens, unclosed: { what: unclosed, line } };
    tokens.push({ kind, text, line });
    line += text.split("\n").length - 1;
    at += text.length;
  }
  return { tokens };
}

function readToken(script: string, at: number): { readonly kind: SqlTokenKind; readonly text: string } {
  for (const [kind, form] of FORMS) {
    form.lastIndex = at;
    const [text] = form.exec(script) ?? [];
    if (text !== undefined) return { kind, text };
  }
  return { kind: "other", text: script.slice(at, at + 1) };
}
