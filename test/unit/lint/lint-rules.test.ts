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

/** [folder of the importing file, import, allowed?] : the import table of the design, row by row. */
const IMPORTS: readonly (readonly [string, string, boolean])[] = [
  ["simulator/common/foundation", "./other.ts", true],
  ["simulator/common/foundation", "../contract/names.ts", false],
  ["simulator/common/foundation", "ioredis", false],
  ["simulator/common/contract", "../foundation/errors.ts", true],
  ["simulator/common/contract", "../../clients/kafka/cluster.ts", false],
  ["simulator/common/contract", "../../runtime/rpc/framing.ts", false],
  ["simulator/common/contract", "../../../apphost/options.ts", false],
  ["simulator/clients/kafka", "../../common/contract/names.ts", true],
  ["simulator/clients/kafka", "../redis/connection.ts", true],
  ["simulator/clients/kafka", "../../runtime/sink/redis-sink.ts", false],
  ["simulator/clients/kafka", "../../embedded/kafka/main.ts", false],
  ["simulator/clients/kafka", "kafkajs", false],
  ["simulator/clients/kafka", "ioredis", false],
  ["simulator/clients/redis", "ioredis", true],
  ["simulator/clients/redis", "kafkajs", false],
  ["simulator/clients/redis", "../../runtime/sink/redis-sink.ts", false],
  ["simulator/runtime/flink-job-simulator", "../../clients/kafka/cluster.ts", true],
  ["simulator/runtime/flink-job-simulator", "../../embedded/kafka/main.ts", false],
  ["simulator/runtime/flink-job-simulator", "../../../apphost/options.ts", false],
  ["simulator/runtime/flink-job-simulator", "kafkajs", false],
  ["simulator/runtime/job-manager", "../rpc/framing.ts", true],
  ["simulator/runtime/job-manager", "../task-manager/main.ts", false],
  ["simulator/runtime/job-manager", "../../../producer/ledger.ts", false],
  ["simulator/runtime/task-manager", "../source/partition-source.ts", true],
  ["simulator/runtime/task-manager", "../job-manager/main.ts", false],
  ["simulator/runtime/task-manager", "../../clients/kafka/admin.ts", false],
  ["simulator/runtime/task-manager", "../../embedded/redis/main.ts", false],
  ["simulator/runtime/task-manager", "zod", false],
  ["simulator/runtime/sink", "../job-manager/main.ts", false],
  ["simulator/embedded/kafka", "../../clients/kafka/wire/produce.ts", true],
  ["simulator/embedded/kafka", "../../clients/kafka/cluster.ts", false],
  ["simulator/embedded/kafka", "../../clients/redis/connection.ts", false],
  ["simulator/embedded/redis", "../../runtime/rpc/framing.ts", false],
  ["simulator/embedded/redis", "ioredis", false],
  ["apphost/orchestrator", "../model/resource.ts", true],
  ["apphost/orchestrator", "../../simulator/common/contract/names.ts", true],
  ["apphost/orchestrator", "../../simulator/clients/kafka/admin.ts", false],
  ["apphost/orchestrator", "../../simulator/runtime/job-manager/main.ts", false],
  ["apphost/orchestrator", "../../producer/main.ts", false],
  ["apphost/orchestrator", "ink", false],
  ["apphost/orchestrator", "dockerode", false],
  ["apphost/drivers", "dockerode", false],
  ["apphost/drivers/docker", "dockerode", true],
  ["apphost/resources", "dockerode", false],
  ["simulator/runtime/task-manager", "dockerode", false],
  ["apphost/resources", "../../simulator/clients/kafka/admin.ts", true],
  ["apphost/resources", "../../simulator/embedded/kafka/main.ts", false],
  ["apphost/resources", "../../scripts/validate/main.ts", false],
  ["apphost/dashboard", "../model/resource.ts", true],
  ["apphost/dashboard", "../../simulator/common/contract/events.ts", true],
  ["apphost/dashboard", "ink", true],
  ["apphost/dashboard", "../options.ts", false],
  ["apphost/dashboard", "../orchestrator/start.ts", false],
  ["apphost/dashboard", "../../simulator/clients/kafka/admin.ts", false],
  ["apphost/dashboard", "execa", false],
  ["producer", "../simulator/clients/kafka/producer.ts", true],
  ["producer", "../simulator/runtime/sink/redis-sink.ts", false],
  ["producer", "../apphost/options.ts", false],
  ["producer", "kafkajs", false],
  ["scripts/validate", "../../simulator/clients/redis/connection.ts", true],
  ["scripts/validate", "../../simulator/runtime/sink/redis-sink.ts", false],
  ["scripts/validate", "../../producer/ledger.ts", false],
  ["scripts/validate", "../../apphost/options.ts", false],
  ["scripts/bench", "commander", true],
  ["scripts/bench", "../../simulator/clients/kafka/admin.ts", true],
  ["scripts/bench", "../../apphost/options.ts", false],
  ["scripts/bench", "../../producer/batch-template.ts", false],
  ["scripts/bench/peers", "kafkajs", false],
  ["scripts/bench/peers/kafkajs-worker", "kafkajs", true],
  ["scripts/bench/peers/kafkajs-worker", "ioredis", true],
  ["scripts/bench/peers/kafkajs-worker", "../../../../simulator/runtime/sink/redis-sink.ts", false],
  ["scripts/bench/codec-worker", "../../../simulator/runtime/source/record-set-decoder.ts", false],
  ["test/support/independent", "./judgement.ts", true],
  ["test/support/independent", "../run-cli.ts", false],
  ["test/support/independent", "../../../simulator/common/contract/message.ts", false],
  ["test/support/independent", "kafkajs", false],
];

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
    "lint/nursery/noFloatingPromises",
    "producer/floating.ts",
    "async function work(): Promise<void> {}\nexport function start() {\n  work();\n}\n",
  ],
];

const tree = mkdtempSync(join(tmpdir(), "flink-apphost-lint-"));
afterAll(() => rmSync(tree, { recursive: true, force: true }));

function longFunction(lines: number): string {
  return `export function longFunction(list: number[]) {\n${"  list.push(1);\n".repeat(lines)}}\n`;
}

const importFile = (index: number, folder: string) => `${folder}/import-${index}.ts`;

/** Rule names by file, from one run of Biome. */
function lintTree(): ReadonlyMap<string, ReadonlySet<string>> {
  cpSync(join(ROOT, ".biome.json"), join(tree, ".biome.json"));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  };
  for (const [index, [folder, specifier]] of IMPORTS.entries()) {
    write(importFile(index, folder), `import { x } from "${specifier}";\nexport const y = x;\n`);
  }
  for (const [, path, text] of OTHER_RULES) write(path, text);
  write("producer/fine.ts", "export const fine = 1;\n");
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

  it.each(IMPORTS.map((row, index) => [...row, index] as const))(
    "%s importing %s: allowed is %s",
    (folder, _specifier, isAllowed, index) => {
      const rules = found.get(importFile(index, folder)) ?? new Set();
      expect(rules.has("lint/style/noRestrictedImports")).toBe(!isAllowed);
    },
  );

  it.each(OTHER_RULES)("%s fires on %s", (rule, path) => {
    expect([...(found.get(path) ?? [])]).toContain(rule);
  });

  it("says nothing of a file that breaks no rule", () => {
    expect(found.get("producer/fine.ts")).toBeUndefined();
  });
});
