/** The tables of the README say what the program does: they are compared with the tables that the program uses. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { EXIT } from "../../../apphost/exit-code.ts";
import { OPTION_TABLE } from "../../../apphost/options.ts";

const README = readFileSync(fileURLToPath(new URL("../../../README.md", import.meta.url)), "utf8");

/** Cells of the table whose header starts with this cell. */
function readTable(header: string): readonly (readonly string[])[] {
  const lines = README.split("\n");
  const start = lines.findIndex((line) => line.startsWith(`| ${header} |`));
  expect(start, `a table headed "${header}"`).toBeGreaterThan(0);
  const end = lines.findIndex((line, index) => index > start && !line.startsWith("|"));
  return lines.slice(start + 2, end).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** The texts between backticks. */
const quoted = (cell: string | undefined): string[] =>
  [...(cell ?? "").matchAll(/`([^`]+)`/g)].map((match) => match[1] as string);

describe("the README", () => {
  it("lists every option with its variables, and no other", () => {
    const documented = readTable("option").map(([option, variables]) => [
      quoted(option)[0]?.split(" ")[0],
      ...quoted(variables),
    ]);
    const real = Object.values(OPTION_TABLE)
      .filter((option) => option.hidden !== true)
      .map(({ flag, alias }) => [
        `--${flag}`,
        `FLINK_APPHOST_${flag.toUpperCase().replaceAll("-", "_")}`,
        ...(alias === undefined ? [] : [alias]),
      ]);
    expect([...documented].sort()).toEqual([...real].sort());
  });

  it("lists every exit code, and no other", () => {
    const documented = readTable("exit code").map(([code]) => Number(code));
    expect(documented).toEqual(Object.values(EXIT).sort((a, b) => a - b));
  });

  it("gives set-up commands that exist", () => {
    const { bin, scripts } = JSON.parse(
      readFileSync(fileURLToPath(new URL("../../../package.json", import.meta.url)), "utf8"),
    ) as { bin: Record<string, string>; scripts: Record<string, string> };
    for (const [, command] of README.matchAll(/npx ([\w-]+)/g)) expect(Object.keys(bin)).toContain(command);
    for (const [, script] of README.matchAll(/npm run ([\w:-]+)/g)) expect(Object.keys(scripts)).toContain(script);
  });
});
