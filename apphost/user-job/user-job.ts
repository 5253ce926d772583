/**
 * The user's own job (`--sql`, `--jar`): read and judged before anything is started. Reading the file is all that is not pure.
 *
 * U1 All that is wrong with it is told at once.
 * U2 It reads the run's topic under the run's group: the offsets that Flink commits for that group tell how far it is.
 */
import { readFileSync, statSync } from "node:fs";
import { createError, describeError } from "../../simulator/common/foundation/errors.ts";
import { connectionVariables } from "../model/connection.ts";
import type { HostOptions } from "../options.ts";
import { findNearest } from "../usage.ts";
import { type SqlStatement, splitStatements } from "./sql-statements.ts";
import { JOB_VARIABLES, listTokenVariables, listVariables } from "./variables.ts";

export interface SqlJob {
  readonly kind: "sql";
  /** As the user named it. */
  readonly file: string;
  readonly statements: readonly SqlStatement[];
}

export interface JarJob {
  readonly kind: "jar";
  /** As the user named it. */
  readonly file: string;
  /** Null: as its manifest says. */
  readonly entryClass: string | null;
  /** With variables in them. */
  readonly programArguments: readonly string[];
}

export type UserJob = SqlJob | JarJob;

/** Far above what a person writes, and no harm to read. */
const SQL_BYTES_MAX = 4 * 1024 * 1024;

/** Null: the built-in job. Throws USER_JOB_INVALID. */
export function readUserJob(options: JobOptions): UserJob | null {
  if (options.sql !== null) return readSqlJob(options.sql, options);
  return options.jar === null ? null : readJarJob(options.jar, options);
}

type JobOptions = Pick<HostOptions, "sql" | "jar" | "jarClass" | "jarArguments" | "expect">;

function readSqlJob(sql: string, { expect }: JobOptions): SqlJob {
  const { statements, unclosed } = splitStatements(readScript(sql));
  const problems = [
    ...(unclosed === undefined ? [] : [`line ${unclosed.line} begins ${unclosed.what} that is never closed`]),
    ...findStatementProblems(statements),
    ...findVariableProblems(listUsed(statements), { needsOutput: expect !== null }),
  ];
  if (problems.length > 0) throw createError("USER_JOB_INVALID", { source: sql, problems });
  return { kind: "sql", file: sql, statements };
}

function readJarJob(jar: string, { jarClass, jarArguments, expect }: JobOptions): JarJob {
  const programArguments = jarArguments ?? [];
  const used = programArguments.flatMap((word, i) =>
    listVariables(word).map((name) => ({ name, place: `argument ${i + 1}` })),
  );
  const problems = [
    ...(statSync(jar, { throwIfNoEntry: false })?.isFile() === true ? [] : ["there is no such file"]),
    ...findVariableProblems(used, { needsOutput: expect !== null }),
  ];
  if (problems.length > 0) throw createError("USER_JOB_INVALID", { source: jar, problems });
  return { kind: "jar", file: jar, entryClass: jarClass, programArguments };
}

const listUsed = (statements: readonly SqlStatement[]): UsedVariable[] =>
  statements.flatMap(({ tokens }) =>
    tokens.flatMap((token) => listTokenVariables(token).map((name) => ({ name, place: `line ${token.line}` }))),
  );

interface UsedVariable {
  readonly name: string;
  readonly place: string;
}

function readScript(file: string): string {
  const refuse = (problem: string, cause?: unknown) =>
    createError("USER_JOB_INVALID", { source: file, problems: [problem] }, cause);
  try {
    const { size } = statSync(file);
    if (size > SQL_BYTES_MAX) throw refuse(`it has ${size} bytes; at most ${SQL_BYTES_MAX} are read`);
    return readFileSync(file, "utf8");
  } catch (error) {
    throw error instanceof Error && "syscall" in error ? refuse(`it cannot be read: ${describeError(error)}`) : error;
  }
}

export function findStatementProblems(statements: readonly SqlStatement[]): string[] {
  const jobs = statements.filter(({ effect }) => effect === "job");
  const queries = statements.filter(({ effect }) => effect === "query");
  return [
    ...(statements.length === 0 ? ["it has no statement"] : []),
    ...queries.map(({ line }) => `line ${line} asks for rows that nobody would read: write them with INSERT INTO`),
    ...(jobs.length === 0 && queries.length === 0 && statements.length > 0
      ? ["no statement submits a job: INSERT INTO does, or EXECUTE STATEMENT SET BEGIN … END"]
      : []),
    ...(jobs.length > 1
      ? [
          `lines ${jobs.map(({ line }) => line).join(", ")} submit a job each, and a run has one: put them between EXECUTE STATEMENT SET BEGIN and END`,
        ]
      : []),
  ];
}

/** What `env` will print, and the topics. */
export const JOB_VARIABLE_NAMES: readonly string[] = [
  ...Object.values(JOB_VARIABLES),
  ...Object.keys(
    connectionVariables({
      kafka: [],
      kafkaFiles: null,
      redis: { host: "", port: 0, username: "", password: "", database: 0, tls: false },
      jobManager: { host: "", httpPort: 0, rpcPort: 0 },
    }),
  ),
];

function findVariableProblems(
  used: readonly UsedVariable[],
  { needsOutput }: { readonly needsOutput: boolean },
): string[] {
  const unknown = used.filter(({ name }) => !JOB_VARIABLE_NAMES.includes(name));
  return [
    ...unknown.map(({ name, place }) => `${place} has the unknown variable \${${name}}${adviseName(name)}`),
    ...listMissing(
      used.map(({ name }) => name),
      { needsOutput },
    ),
  ];
}

function adviseName(name: string): string {
  const nearest = findNearest(name, JOB_VARIABLE_NAMES);
  return nearest === null
    ? `: there are ${Object.values(JOB_VARIABLES).join(", ")} and those that "flink-apphost env" prints; $$ is a plain $`
    : `: did you mean \${${nearest}}?`;
}

/** U2. */
function listMissing(used: readonly string[], { needsOutput }: { readonly needsOutput: boolean }): string[] {
  const { input, output, group } = JOB_VARIABLES;
  const why = [
    [input, "what the producer sends is read from there", true],
    [group, "the offsets that Flink commits for it tell when everything is read", true],
    [output, "--expect reads what the job wrote from there", needsOutput],
  ] as const;
  return why
    .filter(([name, , isNeeded]) => isNeeded && !used.includes(name))
    .map(([name, reason]) => `it does not use \${${name}}: ${reason}`);
}
