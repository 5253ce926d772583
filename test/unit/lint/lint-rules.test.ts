/**
 * The lint rules of the project, tried on files that break them: a rule that fires on nothing is a gate that passes on
 * nothing. Biome runs once, with the project's own configuration, over a temporary tree of the same shape.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** One file, one rule that it breaks. */
const OTHER_RULES: readonly (readonly [string, string, string])[] = [
  ["lint/complexity/noExcessiveLinesPerFunction", "producer/long-function.ts", longFunction(71)],
  ["lint/style/noExcessiveLinesPerFile", "producer/long-file.ts", "export {};\n".repeat(451)],
  ["lint/style/noDefaultExport", "producer/default-export.ts", "export default 1;\n"],
  ["lint/style/useFilenamingConvention", "producer/camelCase.ts", "export {};\n"],
  ["lint/suspicious/noConsole", "producer/console-user.ts", "console.log(1);\nexport {};\n"],
  [
    "lint/suspicious/noImportCycles",
    "producer/cycle-a.ts",
    'import { b } from "./cycle-b.ts";\nexport const a = () => b;\n',
  ],
  [
    "lint/suspicious/noImportCycles",
    "producer/cycle-b.ts",
    'import { a } from "./cycle-a.ts";\nexport const b = () => a;\n',
  ],
  [
    "lint/suspicious/noImportCycles",
    "producer/type-cycle-a.ts",
    'import type { B } from "./type-cycle-b.ts";\nexport type A = B | null;\n',
  ],
  [
    "lint/suspicious/noImportCycles",
    "producer/type-cycle-b.ts",
    'import type { A } from "./type-cycle-a.ts";\nexport type B = A | 1;\n',
  ],
  [
    "lint/nursery/noFloatingPromises",
    "producer/floating.ts",
    "async function work(): Promise<void> {}\nexport function start() {\n  work();\n}\n",
  ],
];

const USERS_FILES = ["apphost.ts", "myApi.ts", "check.mts", "server.js"];

const tree = mkdtempSync(join(tmpdir(), "flink-apphost-lint-"));
afterAll(() => rmSync(tree, { recursive: true, force: true }));

function longFunction(lines: number): string {
  return `export function longFunction(list: number[]) {\n${"  list.push(1);\n".repeat(lines)}}\n`;
}

/** Rule names by file, from one run of Biome. */
function lintTree(): ReadonlyMap<string, ReadonlySet<string>> {
  cpSync(join(ROOT, ".biome.json"), join(tree, ".biome.json"));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  };
  for (const [, path, text] of OTHER_RULES) write(path, text);
  write("producer/fine.ts", "export const fine = 1;\n");
  // As README has them: beside our folders there is nothing of ours.
  for (const name of USERS_FILES) write(name, "console.log(1);\nexport default 1;\n");
  const biome = join(ROOT, "node_modules/.bin/biome");
  const { stdout, stderr } = spawnSync(biome, ["lint", "--reporter=json", "--max-diagnostics=none", "."], {
    cwd: tree,
    encoding: "utf8",
  });
  const found = new Map<string, Set<string>>();
  const report = JSON.parse(stdout) as { diagnostics: { category: string; location: { path: unknown } }[] };
  expect(report.diagnostics.length, stderr).toBeGreaterThan(0);
  for (const { category, location } of report.diagnostics) {
    const path = pathOf(location.path);
    found.set(path, (found.get(path) ?? new Set()).add(category));
  }
  return found;
}

const pathOf = (path: unknown): string => {
  const text = typeof path === "string" ? path : String((path as { file?: string }).file);
  return text.replace(/^\.\//, "");
};

describe("the linter", () => {
  const found = lintTree();

  it.each(OTHER_RULES)("%s fires on %s", (rule, path) => {
    expect([...(found.get(path) ?? [])]).toContain(rule);
  });

  it.each(USERS_FILES)("leaves alone what a user who tries the checkout writes into it: %s", (name) => {
    expect(found.get(name)).toBeUndefined();
  });

  it("says nothing of a file that breaks no rule", () => {
    expect(found.get("producer/fine.ts")).toBeUndefined();
  });
});
