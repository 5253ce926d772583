/** The three READMEs as tests read them: their fenced blocks, their tables, and the commands that they show. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./dist.ts";

export const README_PATHS = {
  root: join(ROOT, "README.md"),
  apphost: join(ROOT, "apphost", "README.md"),
  simulator: join(ROOT, "simulator", "README.md"),
} as const;
export type ReadmeName = keyof typeof README_PATHS;
export const README_NAMES = Object.keys(README_PATHS) as ReadmeName[];

export const readReadme = (name: ReadmeName): string => readFileSync(README_PATHS[name], "utf8");

export interface FencedBlock {
  /** What stands behind the fence: `sh`, `ts`, or nothing. */
  readonly language: string;
  readonly text: string;
}

export const readBlocks = (name: ReadmeName): readonly FencedBlock[] =>
  [...readReadme(name).matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({
    language: language as string,
    text: text as string,
  }));

export const readShellBlocks = (name: ReadmeName): readonly string[] =>
  readBlocks(name)
    .filter(({ language }) => language === "sh")
    .map(({ text }) => text);

/** The block of another language, or none, that follows a shell block: what the reader is told to expect. */
export function readOutputOf(name: ReadmeName, shellBlock: string): string {
  const blocks = readBlocks(name);
  const index = blocks.findIndex(({ text }) => text === shellBlock);
  const next = blocks[index + 1];
  if (next === undefined || next.language !== "") throw new Error(`no output follows the block ${shellBlock}`);
  return next.text;
}

/** The texts between single backticks, outside of fenced blocks. */
export const readQuoted = (text: string): readonly string[] =>
  [...text.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/`([^`\n]+)`/g)].map((match) => match[1] as string);

/** Cells of the table whose header starts with this cell. */
export function readTable(text: string, header: string): readonly (readonly string[])[] {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.startsWith(`| ${header} |`));
  if (start < 0) throw new Error(`no table is headed "${header}"`);
  const end = lines.findIndex((line, index) => index > start && !line.startsWith("|"));
  return lines.slice(start + 2, end < 0 ? undefined : end).map((line) =>
    line
      .slice(1, -1)
      .split(" | ")
      .map((cell) => cell.trim()),
  );
}
