/** The archives of Flink's programs: one process of each makes it, all later ones read it, and nobody else's is read. */
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  type FlinkArchiveSubject,
  type FlinkArchives,
  findFlinkArchives,
} from "../../../../../apphost/drivers/flink/flink-archives.ts";
import { answerSecondsMax } from "../../../../../apphost/drivers/flink/flink-configuration.ts";
import type { RunningServer } from "../../../../../apphost/processes/child-process.ts";
import type { ResourceLog } from "../../../../../apphost/processes/resource-log.ts";

let root = "";
let cache = "";
let subject: FlinkArchiveSubject;
let lines: string[] = [];
const log = { write: (line: string) => void lines.push(line) } as unknown as ResourceLog;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "flink-apphost-flink-archives-"));
  cache = join(root, "cache", "flink-apphost");
  lines = [];
  const folder = join(root, "home");
  for (const part of ["lib", "opt"]) mkdirSync(join(folder, part), { recursive: true });
  const gatewayJar = join(folder, "opt", "flink-sql-gateway-2.2.1.jar");
  const kafkaConnectorJar = join(folder, "lib", "flink-sql-connector-kafka-5.0.0-2.2.jar");
  for (const jar of [gatewayJar, kafkaConnectorJar]) writeFileSync(jar, "jar");
  subject = {
    java: writeJava("17.0.15"),
    home: { kind: "usable", folder, version: "2.2.1", gatewayJar, kafkaConnectorJar },
    jvmFlags: { jobManager: ["-XX:+UseSerialGC"], taskManager: ["-XX:+UseSerialGC"] },
    env: { XDG_CACHE_HOME: join(root, "cache") },
  };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** One that says its version, as each does, on standard error. */
function writeJava(version: string): string {
  const path = join(root, `java-${version}`);
  writeFileSync(path, `#!/bin/sh\necho 'openjdk version "${version}"\n(build ${version}, mixed mode, sharing)' >&2\n`, {
    mode: 0o700,
  });
  return path;
}

/** In a folder of a run of its own. */
async function find(one: Partial<FlinkArchiveSubject> = {}): Promise<FlinkArchives & { readonly folder: string }> {
  const folder = mkdtempSync(join(root, "run-"));
  return { folder, ...(await findFlinkArchives({ ...subject, ...one }, folder)) };
}

const flagOf = (archives: FlinkArchives, program: "jobManager" | "taskManager" = "taskManager") =>
  archives.give(program).jvmFlags.find((flag) => flag.startsWith("-XX:"));

const MAKES = "-XX:ArchiveClassesAtExit=made-flink-taskmanager.jsa";
const READS = "-XX:SharedArchiveFile=flink-taskmanager.jsa";

/** A whole run of TaskManagers, of which the first leaves its classes. Returns with how much time they were stopped. */
async function makeArchive(): Promise<number[]> {
  const archives = await find();
  const budgetsMs: number[] = [];
  const server = {
    exited: Promise.resolve({ kind: "exit", code: 143 }),
    stop: async (budgetMs: number) => void budgetsMs.push(budgetMs),
  } as unknown as RunningServer;
  const servers = [archives.give("taskManager").keep(server, log), archives.give("taskManager").keep(server, log)];
  writeFileSync(join(archives.folder, "made-flink-taskmanager.jsa"), "classes");
  for (const one of servers) {
    await one.stop(10_000);
    await one.exited;
  }
  return budgetsMs;
}

const archivePath = () => join(cache, readdirSync(cache).find((name) => name.endsWith(".jsa")) ?? "none");

it("is made by the first process of each program (F1), which has more time to end, and by no other", async () => {
  const archives = await find();
  expect(flagOf(archives)).toBe(MAKES);
  expect(flagOf(archives)).toBeUndefined();
  expect(flagOf(archives, "jobManager")).toBe("-XX:ArchiveClassesAtExit=made-flink-jobmanager.jsa");
  // It was not to run, so nobody looked for one.
  expect(archives.give("sqlGateway").jvmFlags).toEqual([]);
  rmSync(cache, { recursive: true });
  expect(await makeArchive()).toEqual([30_000, 10_000]);
  expect(lines).toEqual([]);
});

it("is read by all processes of the next run, under a plain name", async () => {
  await makeArchive();
  const archives = await find();
  expect([flagOf(archives), flagOf(archives), flagOf(archives)]).toEqual([READS, READS, READS]);
  expect(readlinkSync(join(archives.folder, "flink-taskmanager.jsa"))).toBe(archivePath());
});

it("is neither read nor there any more when it is damaged: one is made anew", async () => {
  await makeArchive();
  truncateSync(archivePath(), 3);
  expect(flagOf(await find())).toBe(MAKES);
  expect(readdirSync(cache).filter((name) => name.endsWith(".jsa"))).toEqual([]);
});

it.each<[string, () => Partial<FlinkArchiveSubject>]>([
  ["Java", () => ({ java: writeJava("21.0.2") })],
  ["collector", () => ({ jvmFlags: { taskManager: ["-XX:+UseParallelGC"] } })],
  ["version of Flink", () => ({ home: { ...subject.home, version: "2.2.2" } })],
  ["gateway", () => ({ home: { ...subject.home, gatewayJar: subject.java } })],
])("is not that of another %s", async (_, other) => {
  await makeArchive();
  expect(flagOf(await find(other()))).toBe(MAKES);
  expect(flagOf(await find())).toBe(READS);
});

it("is not that of other jars in lib", async () => {
  await makeArchive();
  writeFileSync(join(subject.home.folder, "lib", "another.jar"), "jar");
  expect(flagOf(await find())).toBe(MAKES);
});

it("is not made where nobody will start again, and why one was not kept is told", async () => {
  expect(flagOf(await find({ env: { ...subject.env, CI: "true" } }))).toBeUndefined();
  const given = (await find()).give("taskManager");
  const server = { exited: Promise.resolve({ kind: "exit", code: 143 }) } as unknown as RunningServer;
  await given.keep(server, log).exited;
  expect(lines).toEqual(["host  the archive of classes is not kept: flink-taskmanager left none\n"]);
});

it("lets an answer take longer where many JVMs share a core, and never longer than Flink itself would", () => {
  expect([0.5, 4, 4.1, 11, 128].map(answerSecondsMax)).toEqual([10, 10, 11, 28, 50]);
});
