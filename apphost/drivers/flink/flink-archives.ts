/**
 * The archives of classes of a Flink cluster's programs: twenty TaskManagers else load, check and compile the same classes
 * twenty times, on the few cores of one machine, and each keeps its own copy of them.
 *
 *   of each program: kept (all of its processes read it) | absent → being made by one of them | none
 *
 * F1 One process of a program makes its archive; the others start as always.
 */
import { join } from "node:path";
import type { RunningServer } from "../../processes/child-process.ts";
import type { ResourceLog } from "../../processes/resource-log.ts";
import { type ArchiveNames, keepAtItsEnd, leavesArchive, linkArchive, readsArchive } from "../archived-jvm.ts";
import { type ClassArchive, findClassArchive } from "../class-archive.ts";
import { readJavaText } from "../java.ts";
import type { FlinkHome } from "./flink-home.ts";

export type FlinkProgram = "jobManager" | "taskManager" | "sqlGateway";

/** Of the programs that are to run, without those of their memory, for which an archive is the same. */
export type FlinkJvmFlags = Readonly<Partial<Record<FlinkProgram, readonly string[]>>>;

export interface FlinkArchives {
  /** What the next process of a program is started with. */
  give(program: FlinkProgram): GivenArchive;
}

export interface GivenArchive {
  readonly jvmFlags: readonly string[];
  /** Of the process that makes one, the same that keeps it at its end; of each other one itself. */
  keep(server: RunningServer, log: ResourceLog): RunningServer;
}

export interface FlinkArchiveSubject {
  readonly java: string;
  readonly home: Extract<FlinkHome, { kind: "usable" }>;
  readonly jvmFlags: FlinkJvmFlags;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const WORDS: Readonly<Record<FlinkProgram, string>> = {
  jobManager: "flink-jobmanager",
  taskManager: "flink-taskmanager",
  sqlGateway: "flink-sql-gateway",
};

const namesOf = (program: FlinkProgram): ArchiveNames => ({
  kept: `${WORDS[program]}.jsa`,
  made: `made-${WORDS[program]}.jsa`,
});

const PROGRAMS = Object.keys(WORDS) as readonly FlinkProgram[];

/** `folder`: in which the processes run, with Flink's jars in its `lib`. */
export async function findFlinkArchives(subject: FlinkArchiveSubject, folder: string): Promise<FlinkArchives> {
  const archives = new Map<FlinkProgram, ClassArchive>();
  for (const program of PROGRAMS.filter((one) => subject.jvmFlags[one] !== undefined)) {
    const archive = await findFlinkArchive(subject, program);
    linkArchive(archive, folder, namesOf(program));
    archives.set(program, archive);
  }
  return {
    give(program) {
      const archive = archives.get(program) ?? { kind: "none", reason: "it was not looked for" };
      // F1.
      if (archive.kind === "absent") archives.set(program, { kind: "none", reason: "another process makes it" });
      return describeGiven(archive, namesOf(program), folder);
    },
  };
}

export async function findFlinkArchive(
  { java, home, jvmFlags, env }: FlinkArchiveSubject,
  program: FlinkProgram,
): Promise<ClassArchive> {
  const subject = {
    program: WORDS[program],
    version: home.version,
    javaText: await readJavaText(java),
    libs: join(home.folder, "lib"),
    furtherJar: home.gatewayJar,
    jvmFlags: jvmFlags[program] ?? [],
  };
  return findClassArchive(subject, env);
}

function describeGiven(archive: ClassArchive, names: ArchiveNames, folder: string): GivenArchive {
  return {
    jvmFlags: [...readsArchive(archive, names), ...leavesArchive(archive, names)],
    keep: (server, log) =>
      archive.kind === "absent" ? keepAtItsEnd(server, archive, { made: join(folder, names.made), log }) : server,
  };
}
