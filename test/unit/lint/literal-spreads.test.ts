/**
 * A literal is not spread into another one: that only saves lines, and hides what is there. Biome has no rule for it, so
 * the sources are read.
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const SOURCES = ["apphost", "producer", "scripts", "simulator", "test"];

/** `...{ a }` and `...[a]`; what a literal is turned into first, as in `...[a].map(f)`, may be spread. */
function findLiteralSpreads(text: string): string[] {
  const found: string[] = [];
  for (const { 0: opening, index } of text.matchAll(/\.\.\.[{[]/g)) {
    const end = findClosing(text, index + opening.length - 1);
    if (!/^[.[(]/.test(text.slice(end + 1))) found.push(text.slice(index, end + 1));
  }
  return found;
}

/** Brackets in strings are counted too: in our sources they come in pairs. */
function findClosing(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    if (/[{[(]/.test(text[at] as string)) depth += 1;
    if (/[}\])]/.test(text[at] as string)) depth -= 1;
    if (depth === 0) return at;
  }
  return text.length;
}

it("no source spreads a literal", () => {
  const files = SOURCES.flatMap((folder) => globSync(`${folder}/**/*.{ts,tsx}`, { cwd: ROOT }));
  expect(files.length).toBeGreaterThan(400);
  const found = files
    .filter((file) => !file.endsWith("literal-spreads.test.ts"))
    .flatMap((file) => findLiteralSpreads(readFileSync(join(ROOT, file), "utf8")).map((text) => `${file}: ${text}`));
  expect(found).toEqual([]);
});

it("and one that did would be found", () => {
  expect(findLiteralSpreads("f({ ...{ a: [1], b }, ...rest, ...[1, 2].map(g) }, ...[3, 4])")).toEqual([
    "...{ a: [1], b }",
    "...[3, 4]",
  ]);
});
