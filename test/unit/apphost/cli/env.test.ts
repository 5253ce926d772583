/** What `env` prints is read back by the programs that it is for. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { formatVariables } from "../../../../apphost/cli/env.ts";

const VARIABLES = {
  PLAIN: "127.0.0.1:9092",
  PASSWORD: `a'b"c$HOME\`id\`\\n #;&|*?!~ é`,
  URL: "redis://:p%40ss@127.0.0.1:6379/0",
  LINES: "first\nsecond",
  EMPTY: "",
};
const PRINT = `process.stdout.write(JSON.stringify(${JSON.stringify(Object.keys(VARIABLES))}.map((n) => process.env[n])))`;

it("export: a shell's eval gets every value as it is", () => {
  const script = `eval "$1"; exec "$2" -e "$3"`;
  const lines = formatVariables(VARIABLES, "export").join("\n");
  const { stdout, stderr } = spawnSync("sh", ["-c", script, "sh", lines, process.execPath, PRINT], {
    encoding: "utf8",
  });
  expect(JSON.parse(stdout), stderr).toEqual(Object.values(VARIABLES));
});

it("dotenv: Node's own reader gets every value that the format can hold, and plain ones have no quotes", () => {
  const folder = mkdtempSync(join(tmpdir(), "flink-apphost-env-"));
  try {
    // Node knows no escapes between double quotes but \n, so the value with both kinds of quotes is not for it.
    const variables = { ...VARIABLES, PASSWORD: `ab"c$HOME\`id\`\\n #;&|*?!~ é` };
    const lines = formatVariables(variables, "dotenv");
    expect(lines).toContain("PLAIN=127.0.0.1:9092");
    const file = join(folder, ".env");
    writeFileSync(file, `${lines.join("\n")}\n`);
    const { stdout, stderr } = spawnSync(process.execPath, [`--env-file=${file}`, "-e", PRINT], { encoding: "utf8" });
    expect(JSON.parse(stdout), stderr).toEqual(Object.values(variables));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("json: one document", () => {
  expect(formatVariables(VARIABLES, "json").map((line) => JSON.parse(line))).toEqual([VARIABLES]);
});

it("a name that is none is not printed for a shell, which would read it as a command", () => {
  const hostile = {
    "X=1; touch /tmp/planted; export Y": "1",
    "services__my-api__http__0": "http://127.0.0.1:1",
    OK: "1",
  };
  expect(formatVariables(hostile, "export")).toEqual(["export OK='1'"]);
  expect(formatVariables(hostile, "dotenv")).toEqual(["services__my-api__http__0=http://127.0.0.1:1", "OK=1"]);
});
