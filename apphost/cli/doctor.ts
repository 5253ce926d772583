/** `doctor`: whether `up` would work here with these options, and what to do where it would not. */
import { styleText } from "node:util";
import { unreachable } from "../../simulator/common/foundation/assert.ts";
import { tellLongWait } from "../../simulator/common/foundation/long-wait.ts";
import { CHECK_MS_MAX, type CheckResult } from "../doctor/check.ts";
import { examine } from "../doctor/examination.ts";
import { formatExamination } from "../doctor/table.ts";
import { separateVariables } from "../doctor/variables.ts";
import { resolveOptions } from "../option-resolution.ts";
import type { GivenOptions } from "../options.ts";
import { noteLongWait, type Terminal } from "./terminal.ts";

const COLUMNS_DEFAULT = 80;
const COLUMNS_MIN = 60;
const COLUMNS_MAX = 120;

export async function runDoctor(
  given: GivenOptions,
  format: "table" | "json",
  { write, note }: Terminal,
): Promise<number> {
  const { env, stdin, stdout } = process;
  // A wrong variable is a finding here, not the end.
  const { usable, problems } = separateVariables(env);
  const { columns, rows } = stdout;
  const examining = examine({
    options: resolveOptions("up", given, usable),
    env,
    problems,
    terminal: { isInputTerminal: stdin.isTTY === true, isOutputTerminal: stdout.isTTY === true, columns, rows },
  });
  const words = { what: "the container engine, Kafka and Redis to answer", deadlineMs: CHECK_MS_MAX };
  const examination = await tellLongWait(examining, words, noteLongWait({ note }));
  if (format === "json") await write(JSON.stringify(examination));
  else {
    const width = Math.min(COLUMNS_MAX, Math.max(COLUMNS_MIN, columns ?? COLUMNS_DEFAULT));
    for (const line of formatExamination(examination, { columns: width, paint: paintResult })) await write(line);
  }
  return examination.exitCode;
}

/** Only on a terminal, and not with NO_COLOR: the function looks at both. */
const paintResult = (result: CheckResult, word: string): string =>
  styleText(colorOf(result), word, { stream: process.stdout });

function colorOf(result: CheckResult): "green" | "yellow" | "red" {
  switch (result) {
    case "ok":
      return "green";
    case "warning":
      return "yellow";
    case "failed":
      return "red";
    default:
      return unreachable(result);
  }
}
