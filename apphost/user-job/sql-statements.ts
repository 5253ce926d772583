/**
 * A script of Flink SQL, cut into its statements, and what each of them makes Flink do. Pure.
 *
 * Z1 A `;` ends a statement, but not inside `STATEMENT SET BEGIN … END`, which is one statement with several in it.
 * Z2 What holds nothing but blanks and comments is no statement.
 */
import { readTokens, type SqlToken, type UnclosedPart } from "./sql-tokens.ts";

/** Of a statement by itself: it submits a job, it asks for rows that somebody would have to read, or neither. */
export type StatementEffect = "job" | "query" | "none";

export interface SqlStatement {
  /** From its first word on, without the `;`. */
  readonly tokens: readonly SqlToken[];
  /** From 1; where it begins. */
  readonly line: number;
  readonly effect: StatementEffect;
}

export interface SplitScript {
  readonly statements: readonly SqlStatement[];
  readonly unclosed?: UnclosedPart;
}

export function splitStatements(script: string): SplitScript {
  const { tokens, unclosed } = readTokens(script.replace(/^\uFEFF/, ""));
  const statements: SqlStatement[] = [];
  // Between BEGIN STATEMENT SET and END, which are statements of their own, an INSERT is only noted by Flink.
  let isInSet = false;
  for (const own of cutAtEnds(tokens)) {
    const words = listWords(own);
    const effect = judgeStatement(words, isInSet);
    if (startsWith(words, ["BEGIN", "STATEMENT", "SET"])) isInSet = true;
    else if (words[0]?.text === "END") isInSet = false;
    statements.push({ tokens: own, line: own[0]?.line ?? 1, effect });
  }
  return { statements, ...(unclosed && { unclosed }) };
}

/** Z1, Z2. */
function cutAtEnds(tokens: readonly SqlToken[]): SqlToken[][] {
  const cut: SqlToken[][] = [];
  let open: SqlToken[] = [];
  const finish = () => {
    const first = open.findIndex(({ kind }) => kind !== "space");
    const last = open.findLastIndex(({ kind }) => kind !== "space");
    if (first >= 0) cut.push(open.slice(first, last + 1));
    open = [];
  };
  for (const token of tokens) {
    if (token.kind === "semicolon" && !isInsideBlock(open)) finish();
    else open.push(token);
  }
  finish();
  return cut;
}

/** Whether the statement so far has opened a block and its END has not come, which stands alone behind a `;`. */
function isInsideBlock(open: readonly SqlToken[]): boolean {
  const texts = open.filter(({ kind }) => kind !== "space").map(({ text }) => text.toUpperCase());
  const begins = texts.some((text, i) => text === "BEGIN" && texts[i - 1] === "SET" && texts[i - 2] === "STATEMENT");
  return begins && !(texts.at(-1) === "END" && [";", "BEGIN"].includes(texts.at(-2) ?? ""));
}

interface Word {
  readonly text: string;
  /** How many parentheses are open around it. */
  readonly depth: number;
}

/** In capitals. A parenthesis at the very begin is a word, since it begins a query. */
function listWords(tokens: readonly SqlToken[]): Word[] {
  let depth = 0;
  return tokens.flatMap(({ kind, text }, i) => {
    if (kind === "open") depth += 1;
    if (kind === "close") depth -= 1;
    return kind === "word" || (kind === "open" && i === 0) ? [{ text: text.toUpperCase(), depth }] : [];
  });
}

const startsWith = (words: readonly Word[], start: readonly string[]): boolean =>
  start.every((text, i) => words[i]?.text === text);

const QUERIES: readonly string[] = ["SELECT", "WITH", "VALUES", "TABLE", "("];

function judgeStatement(words: readonly Word[], isInSet: boolean): StatementEffect {
  const [first, second] = words.map(({ text }) => text);
  switch (first) {
    case "INSERT":
    case "UPDATE":
    case "DELETE":
      return isInSet ? "none" : "job";
    case "END":
      return isInSet ? "job" : "none";
    case "EXECUTE":
      return QUERIES.includes(second ?? "") ? "query" : "job";
    case "COMPILE":
      return startsWith(words, ["COMPILE", "AND", "EXECUTE"]) ? "job" : "none";
    case "CREATE":
      return isTableOfQuery(words) ? "job" : "none";
    default:
      return QUERIES.includes(first ?? "") ? "query" : "none";
  }
}

/** CREATE TABLE … AS: computed columns have their AS in parentheses. */
function isTableOfQuery(words: readonly Word[]): boolean {
  const at = words.findIndex(({ text }) => text === "TABLE");
  const isTable = at >= 0 && words.slice(0, at).every(({ text }) => TABLE_HEAD.includes(text));
  return isTable && words.slice(at + 2).some(({ text, depth }) => text === "AS" && depth === 0);
}

const TABLE_HEAD: readonly string[] = ["CREATE", "OR", "REPLACE", "TEMPORARY"];
