/** A user's SQL: what is refused before anything is started, and how its variables are filled. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax that is tested
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { describeApplication, runOnFlink } from "../../../../apphost/app-model.ts";
import { foldJarArguments } from "../../../../apphost/cli/cli.ts";
import { resolveOptions } from "../../../../apphost/option-resolution.ts";
import { splitStatements } from "../../../../apphost/user-job/sql-statements.ts";
import { readUserJob } from "../../../../apphost/user-job/user-job.ts";
import { fillStatement, fillText } from "../../../../apphost/user-job/variables.ts";

const folder = mkdtempSync(join(tmpdir(), "flink-apphost-sql-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const READS = "CREATE TABLE i (v STRING) WITH ('topic' = '${INPUT_TOPIC}', 'group' = '${KAFKA_GROUP_ID}');\n";

const NO_JAR = { jar: null, jarClass: null, jarArguments: null } as const;

function read(script: string, expectFile: string | null = null) {
  const sql = join(folder, "job.sql");
  writeFileSync(sql, script);
  const job = readUserJob({ ...NO_JAR, sql, expect: expectFile });
  return job?.kind === "sql" ? job : null;
}

describe("a user's SQL", () => {
  it("is taken with several statements, of which one submits a job", () => {
    expect(read(`${READS}INSERT INTO o SELECT * FROM i; -- \${NO_VARIABLE} of a comment`)?.statements).toHaveLength(2);
    expect(readUserJob({ ...NO_JAR, sql: null, expect: null })).toBeNull();
  });

  it.each<[string, RegExp]>([
    [
      `${READS}INSERT INTO o SELECT '\${INPUT_TOPC}' FROM i`,
      /line 2 has the unknown variable \$\{INPUT_TOPC\}: did you mean \$\{INPUT_TOPIC\}\?/,
    ],
    [
      `${READS}\n\nINSERT INTO \${wherever} SELECT 1`,
      /line 4 has the unknown variable \$\{wherever\}: there are INPUT_TOPIC, /,
    ],
    [
      `${READS}INSERT INTO o SELECT 1 FROM i; INSERT INTO p SELECT 2 FROM i`,
      /lines 2, 2 submit a job each.*EXECUTE STATEMENT SET/,
    ],
    [`${READS}SELECT * FROM i`, /line 2 asks for rows that nobody would read/],
    [READS, /no statement submits a job: INSERT INTO does/],
    ["-- nothing", /it has no statement/],
    [`${READS}INSERT INTO o SELECT 'open`, /line 2 begins a quote \('\) that is never closed/],
    ["INSERT INTO o SELECT 1", /does not use \$\{INPUT_TOPIC\}[\s\S]*does not use \$\{KAFKA_GROUP_ID\}: the offsets/],
  ])("is refused: %s", (script, message) => {
    expect(() => read(script)).toThrow(message);
  });

  it("must name the output where an expectation reads it, and a file that can be read", () => {
    expect(() => read(`${READS}INSERT INTO o SELECT 1 FROM i`, "expect.ts")).toThrow(/does not use \$\{OUTPUT_TOPIC\}/);
    expect(() => readUserJob({ ...NO_JAR, sql: join(folder, "none.sql"), expect: null })).toThrow(
      /cannot be read.*ENOENT/,
    );
  });
});

describe("variables", () => {
  const fill = (script: string) => {
    const [statement] = splitStatements(script).statements;
    return fillStatement(statement?.tokens ?? [], { A: "it's", B: "b" });
  };

  it("are filled in strings, names, hints and words, and not in comments", () => {
    expect(fill("SELECT '${A}', `${B}`, ${B} /*+ O('${A}') */ /* ${A} */ -- ${A}")).toBe(
      "SELECT 'it''s', `b`, b /*+ O('it''s') */",
    );
    expect(fill("SELECT /* ${A} */ 1")).toBe("SELECT /* ${A} */ 1");
  });

  it("leave a doubled $ as one", () => {
    expect(fill("SELECT '$${A} $$'")).toBe("SELECT '${A} $'");
    expect(fillText("--topic=${B} $5", { B: "b" })).toBe("--topic=b $5");
  });
});

it.each<[Record<string, string>, RegExp]>([
  [{ sql: "job.sql" }, /--sql job.sql is run by Apache Flink; add --engine flink/],
  [
    { engine: "flink", expect: "expect.ts" },
    /--expect expect.ts is about a job of your own.*add --sql FILE or --jar FILE/,
  ],
  [{ engine: "flink", sql: "job.sql", jar: "job.jar" }, /--sql and --jar are two jobs, and a run has one/],
  [{ engine: "flink", class: "org.example.Job" }, /--class are of a jar, and there is none; add --jar FILE/],
  [{ engine: "flink", jarArguments: '["a"]' }, /words behind -- are of a jar/],
  [{ jar: "job.jar" }, /--jar job.jar is run by Apache Flink; add --engine flink/],
  [{ engine: "flink", jar: "job.jar", class: "1x" }, /--class is "1x": expected the name of a Java class/],
  [{ engine: "flink", sql: "job.sql", testOperator: "test-drop-row" }, /--test-operator is of the built-in job/],
])("refuses %o", (given, message) => {
  expect(() => resolveOptions("stress", given, {})).toThrow(message);
});

it("runs without a mirror: the producer waits for the gateway's job", () => {
  const application = runOnFlink(describeApplication({ taskManagers: 1 }), { job: "of the user", isExternal: false });
  expect(application.order.map(({ name }) => name)).not.toContain("mirror");
  expect(application.members("sql-gateway")[0]?.waitsFor).toEqual([
    { on: "jobmanager", until: "ready" },
    { on: "kafka", until: "topicReady" },
    { on: "taskmanager", until: "registered" },
  ]);
  expect(application.members("producer")[0]?.waitsFor).toEqual([{ on: "sql-gateway", until: "jobRunning" }]);
});

describe("a user's jar", () => {
  const options = { sql: null, jarClass: null, expect: null } as const;

  it("is taken with the words behind --, whatever they look like", () => {
    const jar = join(folder, "job.jar");
    writeFileSync(jar, "");
    const args = ["stress", "--jar", jar, "--", "--in=${INPUT_TOPIC}", "--", "${KAFKA_GROUP_ID}"];
    expect(foldJarArguments(args)).toEqual([
      ...args.slice(0, 3),
      '--jar-arguments=["--in=${INPUT_TOPIC}","--","${KAFKA_GROUP_ID}"]',
    ]);
    expect(foldJarArguments(["logs", "--", "x"])).toEqual(["logs", "--", "x"]);
    const { jarArguments } = resolveOptions(
      "stress",
      { engine: "flink", jar, jarArguments: JSON.stringify(args.slice(4)) },
      {},
    );
    expect(readUserJob({ ...options, jar, jarArguments })).toMatchObject({
      kind: "jar",
      programArguments: args.slice(4),
    });
  });

  it("is refused where it is not there, or has an unknown variable", () => {
    const read = () => readUserJob({ ...options, jar: join(folder, "none.jar"), jarArguments: ["${TOPIC}"] });
    expect(read).toThrow(
      /no such file[\s\S]*argument 1 has the unknown variable \$\{TOPIC\}[\s\S]*not use \$\{INPUT_TOPIC\}/,
    );
  });
});
