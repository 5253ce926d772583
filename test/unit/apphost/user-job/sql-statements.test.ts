/** Where statements of Flink SQL end, and which of them submit a job. */
import { describe, expect, it } from "vitest";
import { splitStatements } from "../../../../apphost/user-job/sql-statements.ts";

const textOf = ({ tokens }: { readonly tokens: readonly { readonly text: string }[] }): string =>
  tokens.map(({ text }) => text).join("");
const split = (script: string): string[] => splitStatements(script).statements.map(textOf);

describe("the ends of statements", () => {
  it.each<[string, string, string[]]>([
    ["two, with blanks and a last one without an end", " SHOW TABLES ;\n\nSHOW JOBS", ["SHOW TABLES", "SHOW JOBS"]],
    ["nothing at all", " \n ; ; -- nothing\n /* here */", []],
    [
      "a string with an end in it",
      "INSERT INTO t SELECT 'a;b' FROM s; SHOW JOBS",
      ["INSERT INTO t SELECT 'a;b' FROM s", "SHOW JOBS"],
    ],
    ["a doubled quote", "SELECT 'it''s; so'; SHOW JOBS", ["SELECT 'it''s; so'", "SHOW JOBS"]],
    ["a backslash, which escapes nothing", "SELECT 'a\\'; SHOW JOBS", ["SELECT 'a\\'", "SHOW JOBS"]],
    ["quoted names", 'SELECT `a;``b`, "c;d"; SHOW JOBS', ['SELECT `a;``b`, "c;d"', "SHOW JOBS"]],
    [
      "a comment to the line's end, with a quote",
      "SELECT 1 -- don't; stop\r\n + 2; SHOW JOBS",
      ["SELECT 1 -- don't; stop\r\n + 2", "SHOW JOBS"],
    ],
    [
      "a comment in front, which is left out",
      "-- it's first;\nSHOW JOBS; /* a;b ' */ SHOW TABLES",
      ["SHOW JOBS", "SHOW TABLES"],
    ],
    ["a comment that does not nest", "/* a /* b */ SHOW JOBS", ["SHOW JOBS"]],
    ["what looks like a comment in a string", "SELECT '--', '/*' ; SHOW JOBS", ["SELECT '--', '/*'", "SHOW JOBS"]],
    [
      "a hint, with an end in it",
      "SELECT * FROM t /*+ OPTIONS('a'=';') */; SHOW JOBS",
      ["SELECT * FROM t /*+ OPTIONS('a'=';') */", "SHOW JOBS"],
    ],
    ["a byte order mark", "\uFEFFSHOW JOBS;", ["SHOW JOBS"]],
    [
      "a statement set, which is one statement",
      "EXECUTE STATEMENT SET\nBEGIN\n INSERT INTO a SELECT CASE x WHEN 1 THEN 2 END FROM s;\n INSERT INTO b SELECT 1;\nEND;\nSHOW JOBS;",
      [
        "EXECUTE STATEMENT SET\nBEGIN\n INSERT INTO a SELECT CASE x WHEN 1 THEN 2 END FROM s;\n INSERT INTO b SELECT 1;\nEND",
        "SHOW JOBS",
      ],
    ],
    [
      "the statement set of several statements",
      "BEGIN STATEMENT SET; INSERT INTO a SELECT 1; END;",
      ["BEGIN STATEMENT SET", "INSERT INTO a SELECT 1", "END"],
    ],
  ])("are found with %s", (_, script, expected) => {
    expect(split(script)).toEqual(expected);
  });

  it("know the line on which each begins, and what is never closed", () => {
    const { statements, unclosed } = splitStatements("-- one\nSHOW JOBS;\n\n  SHOW\n TABLES;\nSELECT 'open;\n");
    expect(statements.map(({ line }) => line)).toEqual([2, 4, 6]);
    expect(unclosed).toEqual({ what: "a quote (')", line: 6 });
    expect(splitStatements("SHOW JOBS; /* open ;").unclosed).toEqual({ what: "a comment", line: 1 });
    expect(splitStatements("SELECT `a;").unclosed?.what).toBe("a quoted name (`)");
  });
});

it.each<[string, string[]]>([
  ["INSERT INTO a SELECT * FROM b", ["job"]],
  ["insert overwrite a select 1", ["job"]],
  ["SET 'a' = 'b'; CREATE TABLE t (a INT, b AS a + 1) WITH ('x' = 'y')", ["none", "none"]],
  ["CREATE TABLE t WITH ('x' = 'y') AS SELECT 1", ["job"]],
  ["CREATE TEMPORARY VIEW v AS SELECT 1", ["none"]],
  ["EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; INSERT INTO b SELECT 2; END", ["job"]],
  [
    "BEGIN STATEMENT SET; INSERT INTO a SELECT 1; INSERT INTO b SELECT 1; END; SHOW JOBS",
    ["none", "none", "none", "job", "none"],
  ],
  ["COMPILE AND EXECUTE PLAN 'p' FOR INSERT INTO a SELECT 1", ["job"]],
  ["EXPLAIN INSERT INTO a SELECT 1", ["none"]],
  ["SELECT 1; (SELECT 1) UNION (SELECT 2); WITH a AS (SELECT 1) SELECT * FROM a", ["query", "query", "query"]],
])("knows what %s makes Flink do", (script, effects) => {
  expect(splitStatements(script).statements.map(({ effect }) => effect)).toEqual(effects);
});
