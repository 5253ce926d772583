/**
 * The examination as text, for a person: one line per check, what it found, and beneath it why and what to do. Pure.
 *
 * Words say what colours repeat. No line is longer than the width, but for a single word that is.
 */
import type { Check, CheckResult } from "./check.ts";
import type { Examination } from "./examination.ts";

export interface TableStyle {
  readonly columns: number;
  /** Colours the word of a result, or leaves it as it is. */
  readonly paint: (result: CheckResult, word: string) => string;
}

const RESULT_WIDTH = 9;
const TITLE_WIDTH = 16;
const INDENT = RESULT_WIDTH + TITLE_WIDTH;

export function formatExamination(examination: Examination, style: TableStyle): string[] {
  const { checks, auto } = examination;
  return [
    ...checks.flatMap((check) => formatCheck(check, style)),
    "",
    summarize(checks),
    ...wrapText(
      `auto would choose ${describe("Kafka", auto.kafka)} and ${describe("Redis", auto.redis)}`,
      style.columns,
    ),
  ];
}

const describe = (name: string, { mode, reason }: { mode: string; reason: string }): string =>
  `${mode} for ${name} (${reason})`;

function formatCheck(check: Check, { columns, paint }: TableStyle): string[] {
  const { result, title, found, reason, fix } = check;
  const room = columns - INDENT;
  const [first = "", ...more] = wrapText(found, room);
  const pad = " ".repeat(INDENT);
  const beneath = [
    ...more,
    ...(reason === "" ? [] : wrapText(reason, room)),
    ...(fix === "" ? [] : wrapText(`fix: ${fix}`, room)),
  ];
  // Painted before it is padded: codes have no width.
  const head = `${paint(result, result)}${" ".repeat(RESULT_WIDTH - result.length)}${title.padEnd(TITLE_WIDTH)}${first}`;
  return [head, ...beneath.map((line) => pad + line)];
}

function summarize(checks: readonly Check[]): string {
  const count = (wanted: CheckResult) => checks.filter(({ result }) => result === wanted).length;
  const warnings = count("warning");
  return `${count("ok")} ok, ${warnings} ${warnings === 1 ? "warning" : "warnings"}, ${count("failed")} failed`;
}

/** Breaks at spaces; a longer word stands by itself. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
