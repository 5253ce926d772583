/** The floors, held against imports that break them: a rule that refuses nothing is a gate that passes on nothing. */
import { readFileSync } from "node:fs";
import { join } from "node:path/posix";
import { describe, expect, it } from "vitest";
import { FILES_PER_FOLDER_MAX, FLOORS } from "../../../scripts/lint/floors.ts";
import { findImportProblems, listImports } from "../../../scripts/lint/imports.ts";

/** [folder of the importing file, import, allowed?]: what the table says, from outside. */
const IMPORTS: readonly (readonly [string, string, boolean])[] = [
  ["simulator/common/foundation", "./other.ts", true],
  ["simulator/common/foundation", "../contract/names.ts", false],
  ["simulator/common/foundation", "ioredis", false],
  ["simulator/common/contract", "../foundation/errors.ts", true],
  ["simulator/common/contract", "../../clients/kafka/cluster.ts", false],
  ["simulator/common/contract", "../../runtime/rpc/framing.ts", false],
  ["simulator/common/contract", "../../../apphost/options.ts", false],
  ["simulator/clients/kafka", "../../common/foundation/errors.ts", true],
  ["simulator/clients/kafka", "../../common/contract/names.ts", false],
  ["simulator/clients/kafka", "../redis/connection.ts", false],
  ["simulator/clients/kafka", "../../runtime/sink/redis-sink.ts", false],
  ["simulator/clients/kafka", "../../embedded/kafka/main.ts", false],
  ["simulator/clients/kafka", "kafkajs", false],
  ["simulator/clients/kafka", "ioredis", false],
  ["simulator/clients/redis", "ioredis", true],
  ["simulator/clients/redis", "kafkajs", false],
  ["simulator/clients/redis", "../../runtime/sink/redis-sink.ts", false],
  ["simulator/runtime/flink-job-simulator", "../../clients/kafka/cluster.ts", false],
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
  ["simulator/runtime/sink", "../source/record-set-decoder.ts", true],
  ["simulator/runtime/sink", "../task-manager/task-counters.ts", false],
  ["simulator/runtime/source", "../sink/partition-sink.ts", false],
  ["simulator/embedded/kafka", "../../clients/kafka/wire/apis/produce.ts", true],
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
  ["apphost/orchestrator", "../telemetry/telemetry.ts", true],
  ["apphost/orchestrator", "../telemetry/main.ts", false],
  ["apphost/orchestrator", "@opentelemetry/api", false],
  ["apphost/telemetry", "@opentelemetry/api", false],
  ["apphost/telemetry", "./run-traces.ts", false],
  ["simulator/common/rest", "prom-client", true],
  ["simulator/runtime/task-manager", "prom-client", false],
  ["apphost/drivers", "dockerode", false],
  ["apphost/drivers/docker", "dockerode", true],
  ["apphost/drivers/docker", "../driver.ts", true],
  ["apphost/drivers", "./docker/driver.ts", false],
  ["apphost/processes", "../run/run-context.ts", false],
  ["apphost/processes", "../options.ts", true],
  ["apphost/files", "../processes/ports.ts", false],
  ["apphost/watchdog", "../run/run-folder.ts", false],
  ["apphost/run", "../watchdog/sweep.ts", true],
  ["apphost/run", "../resources/kafka.ts", false],
  ["apphost/control", "../orchestrator/host.ts", false],
  ["apphost/resources", "../orchestrator/system.ts", false],
  ["apphost/resources", "../control/client.ts", false],
  ["apphost/orchestrator", "../cli/cli.ts", false],
  ["apphost/orchestrator", "../dashboard/output.ts", false],
  ["apphost/model", "../options.ts", false],
  ["apphost/doctor", "../cli/cli.ts", false],
  ["apphost/resources", "dockerode", false],
  ["simulator/runtime/task-manager", "dockerode", false],
  ["apphost/resources", "../../simulator/clients/kafka/admin.ts", true],
  ["apphost/resources", "../../simulator/embedded/kafka/main.ts", false],
  ["apphost/resources", "../../scripts/validate/main.ts", false],
  ["apphost/dashboard", "../model/resource.ts", true],
  ["apphost/dashboard", "../../simulator/common/contract/events.ts", true],
  ["apphost/dashboard", "ink", true],
  ["apphost/dashboard", "../options.ts", true],
  ["apphost/dashboard", "../resources/kafka.ts", false],
  ["apphost/dashboard", "../control/client.ts", false],
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

describe("the floors", () => {
  it.each(IMPORTS)("%s importing %s: allowed is %s (F2, F3)", (folder, specifier, isAllowed) => {
    const path = join(folder, "sample.ts");
    const problems = findImportProblems([{ path, text: `import type { X } from "${specifier}";\n` }], FLOORS);
    expect(problems).toHaveLength(isAllowed ? 0 : 1);
  });

  it("see every form of an import", () => {
    const text = `
      import a from "./a.ts";
      import type { B } from "./b.ts";
      export * from "./c.ts";
      export type { D } from "./d.ts";
      import "./e.ts";
      const f = await import("./f.ts");
      const g: import("./g.ts").G = 1;
      const notOne = "./h.ts";
    `;
    const letters = ["a", "b", "c", "d", "e", "f", "g"].map((name) => `./${name}.ts`);
    expect(listImports({ path: "producer/sample.ts", text }).sort()).toEqual(letters);
  });

  it("allow no circle: a row that names one below it is a problem (F2)", () => {
    const below = { name: "below", files: ["b/"], on: ["above"], packages: [] };
    const above = { name: "above", files: ["a/"], on: ["below"], packages: [] };
    expect(findImportProblems([], [above, below])).toEqual(['floor "above" stands on "below", which is not above it']);
    expect(findImportProblems([], FLOORS)).toEqual([]);
  });

  it("hold every folder of apphost/ on a floor of its own, so none can import another both ways (F2)", () => {
    const folders = FLOORS.flatMap(({ name, files }) =>
      files.filter((file) => /^apphost\/.+\/$/.test(file)).map((file) => [name, file] as const),
    );
    expect(folders.length).toBeGreaterThan(10);
    expect(new Set(folders.map(([name]) => name)).size).toBe(folders.length);
  });

  it("name a file that stands on none (F1)", () => {
    expect(findImportProblems([{ path: "elsewhere/x.ts", text: "" }], FLOORS)).toEqual([
      "elsewhere/x.ts stands on no floor",
    ]);
  });

  it("name a folder that is too full (F4)", () => {
    const files = Array.from({ length: FILES_PER_FOLDER_MAX + 1 }, (_, n) => ({
      path: `apphost/run/f${n}.ts`,
      text: "",
    }));
    expect(findImportProblems(files, FLOORS)).toEqual(["apphost/run/ has 21 files: at most 20"]);
    expect(findImportProblems(files.slice(1), FLOORS)).toEqual([]);
  });

  it("are held by npm run lint", () => {
    const { scripts } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as {
      scripts: Record<string, string>;
    };
    expect(scripts["lint"]).toContain("node scripts/lint/main.ts");
  });
});
