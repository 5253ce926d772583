/**
 * Every command of the three READMEs is run as it stands, in a project of its own, or is listed in NOT_RUN_HERE with what
 * runs it instead. Where a command leaves it open where Kafka and Redis come from, they are the embedded ones, and where it
 * leaves it open how many TaskManagers there are, they are a few: which servers a machine has, and that twenty is what one
 * gets, is the business of other tests. The tour alone has its twenty.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { distPath, ROOT } from "../support/dist.ts";
import {
  README_NAMES,
  type ReadmeName,
  readBlocks,
  readOutputOf,
  readQuoted,
  readReadme,
  readShellBlocks,
  readTable,
} from "../support/readme.ts";
import { describeReal, type RealPart } from "../support/real-parts.ts";
import { runCli } from "../support/run-cli.ts";
import { expectNoRunProcesses } from "../support/run-processes.ts";
import { createUserProject, type UserProject } from "../support/user-project.ts";

/** Less than a test may take, so that a script that hangs is ended and cleaned up after. */
const SCRIPT_MS_MAX = 100_000;
/** Enough for a `scale` to four, and for a pause of one of them. */
const FEW_TASK_MANAGERS = "5";

interface RunElsewhere {
  readonly reason: string;
  /** The file that runs it, and the words by which it does. */
  readonly by: readonly [file: string, words: string];
}

/** What a test cannot run, by the command. */
const NOT_RUN_HERE: Readonly<Record<string, RunElsewhere>> = {
  "npm ci": { reason: "it would remove the packages that this test runs from", by: [".ci/run", "packages npm ci"] },
  "npm test": { reason: "this test is a part of it", by: [".ci/run", '"npm test" npm test'] },
  ".ci/run": { reason: "this test is a part of it", by: [".ci/run", "npm test"] },
  "npm run lint": {
    reason: "it judges the checkout, and not a project",
    by: ["package.json", '"test": "npm run lint &&'],
  },
  "npm pack": { reason: "it has a test of its own", by: ["test/support/packed-project.ts", '"pack", "--json"'] },
  "npm install ./flink-apphost-0.1.0.tgz": {
    reason: "it needs a registry",
    by: ["test/package/package.test.ts", "install"],
  },
  "npm install --save-dev node@24": {
    reason: "it needs a registry",
    by: ["test/package/package.test.ts", "node@24"],
  },
  "npm run test:resilience": { reason: "it takes half an hour", by: [".ci/run", "resilience"] },
  "CHAOS_RUNS=60 CHAOS_RESULTS=FILE npm run test:resilience -- random-faults": {
    reason: "sixty runs take an hour; the resilience tests run a few of them",
    by: ["test/resilience/random-faults.test.ts", "CHAOS_RUNS"],
  },
};

/** A text between backticks that a reader could type: a program of ours, or one that works on this repository. */
const TYPED = /^(?:[A-Z_]+=\S+ )*(?:npx|npm|\.ci\/run)\b/;

const removeComments = (block: string): readonly string[] =>
  block.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

/** A block without what is not run here; empty when nothing is left. */
const keepRunnable = (block: string): string =>
  removeComments(block)
    .map((line) =>
      line
        .split(" && ")
        .filter((command) => !(command in NOT_RUN_HERE))
        .join(" && "),
    )
    .filter((line) => line !== "")
    .join("\n");

const namesInfra = (script: string): boolean => script.includes(" --infra ");

/** A block is one script, except where its lines are alternatives: one for each mode of --infra. */
const splitAlternatives = (script: string): readonly string[] =>
  script.split("\n").every(namesInfra) ? script.split("\n") : [script];

const scriptsOf = (name: ReadmeName): readonly string[] => [
  ...readShellBlocks(name).map(keepRunnable).flatMap(splitAlternatives),
  ...readQuoted(readReadme(name)).filter((quoted) => TYPED.test(quoted) && !(quoted in NOT_RUN_HERE)),
];

const needsOf = (script: string): readonly RealPart[] => {
  if (script.includes("--infra native")) return ["kafka", "redis"];
  return script.includes("--infra docker") ? ["docker"] : [];
};

/** The blocks that begin with the name of a file. */
const readFiles = (name: ReadmeName): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readBlocks(name).flatMap(({ language, text }) => {
      const file = /^\/\/ ([\w-]+\.ts)\n/.exec(text)?.[1];
      return language === "ts" && file !== undefined ? [[file, text]] : [];
    }),
  );

let project: UserProject | undefined;
afterEach(async () => {
  if (project === undefined) return;
  const { folder } = project;
  const runs = join(folder, ".flink-apphost", "runs");
  // A script that failed may have left a host.
  if (existsSync(runs)) await runCli(["down", "--all"], { cwd: folder });
  for (const run of existsSync(runs) ? readdirSync(runs) : []) await expectNoRunProcesses(run.replace(/^.*-/, ""));
  project.remove();
  project = undefined;
});

/** With the package's programs where npm links them, run by the Node that runs this test. */
function createProject(files: Readonly<Record<string, string>>): UserProject {
  const created = createUserProject(files);
  const bin = join(created.folder, "node_modules", ".bin");
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, "node"));
  for (const [name, entry] of [
    ["flink-apphost", "apphost/main"],
    ["run-local-stress-tests", "scripts/stress"],
  ] as const) {
    symlinkSync(distPath(entry), join(bin, name));
  }
  return created;
}

interface ScriptResult {
  readonly exitCode: number;
  readonly output: string;
}

/**
 * Runs it as a person would type it, except that the first command that fails ends it. What is waited for, which a verb
 * says after 2 s, depends on the machine, and is no part of the output.
 */
function runScript(script: string, files: Readonly<Record<string, string>>): Promise<ScriptResult> {
  project = createProject(files);
  const { PATH = "", HOME = "", KAFKA_HOME, DOCKER_HOST } = process.env;
  const env = {
    PATH,
    HOME,
    npm_config_update_notifier: "false",
    ...(namesInfra(script) ? {} : { FLINK_APPHOST_INFRA: "embedded" }),
    ...(isTour(script) ? {} : { FLINK_APPHOST_TASK_MANAGERS: FEW_TASK_MANAGERS }),
    ...(KAFKA_HOME === undefined ? {} : { KAFKA_HOME }),
    ...(DOCKER_HOST === undefined ? {} : { DOCKER_HOST }),
  };
  const { folder } = project;
  return new Promise((resolve) => {
    const args = ["-euo", "pipefail", "-c", `exec 2>&1\n${script}`];
    execFile("bash", args, { cwd: folder, env, timeout: SCRIPT_MS_MAX }, (error, stdout) => {
      // No code: it was ended from outside, after its time.
      const exitCode = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ exitCode, output: stdout.replace(/^waiting for .*\n/gm, "") });
    });
  });
}

/** `doctor` ends with what it found. */
const exitCodesOf = (script: string): readonly number[] => (script === "npx flink-apphost doctor" ? [0, 1, 3] : [0]);

async function expectToWork(script: string, files: Readonly<Record<string, string>> = {}): Promise<string> {
  const { exitCode, output } = await runScript(script, files);
  expect(exitCodesOf(script), `exit ${exitCode} after:\n${output}`).toContain(exitCode);
  expect(output).not.toBe("");
  return output;
}

/** A text as a pattern: what differs from run to run (ids, pids, times) may differ, and nothing else. */
function createPattern(text: string): RegExp {
  const escaped = text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const pattern = escaped
    .replace(/\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{8}\b/g, "[0-9a-f]{8}")
    .replace(/\d{4}-\d\d-\d\dT[\d:]+\\\.\d{3}Z/g, "\\S+Z")
    .replace(/pid \d+/g, "pid \\d+")
    .replace(/\d+ ms/g, "\\d+ ms");
  return new RegExp(`^${pattern}$`);
}

const isTour = (script: string): boolean => script.includes("kill -9");

describe("the commands of the READMEs, each in a project of its own", () => {
  for (const name of README_NAMES) {
    for (const script of scriptsOf(name).filter((one) => one !== "" && !isTour(one))) {
      describeReal(needsOf(script), `of the README ${name}`, () => {
        it(`work: ${script.trimEnd().replaceAll("\n", "; ")}`, async () => {
          await expectToWork(script, readFiles(name));
        });
      });
    }
  }
});

it("the tour prints what README.md shows, apart from what is waited for", async () => {
  const tour = readShellBlocks("root").find(isTour) ?? "";
  expect(await expectToWork(tour.trimEnd())).toMatch(createPattern(readOutputOf("root", tour)));
});

it("what is not run here is run by something else, and stands in a README", () => {
  const shown = README_NAMES.flatMap((name) => [
    ...readShellBlocks(name)
      .flatMap(removeComments)
      .flatMap((line) => line.split(" && ")),
    ...readQuoted(readReadme(name)),
  ]);
  for (const [command, { by }] of Object.entries(NOT_RUN_HERE)) {
    expect(shown).toContain(command);
    expect(readFileSync(join(ROOT, by[0]), "utf8")).toContain(by[1]);
  }
});

it("the verbs of apphost/README.md are those of the program", async () => {
  const { stdout } = await runCli(["--help"]);
  const commands = stdout.slice(stdout.indexOf("Commands:"));
  const real = [...commands.matchAll(/^ {2}([a-z]+)\b/gm)].map(([, verb]) => verb).filter((verb) => verb !== "help");
  const documented = readTable(readReadme("apphost"), "verb")
    .flatMap(([verbs]) => readQuoted(verbs ?? ""))
    .map((verb) => verb.split(" ")[0]);
  // A verb may have a row for each of the things that it is done with.
  expect([...new Set(documented)].sort()).toEqual(real.sort());
});

it("the variables of apphost/README.md are those that programs get", async () => {
  const start = "npx flink-apphost up --detach --messages 0 >/dev/null";
  const output = await expectToWork(`${start}\nnpx flink-apphost env --format json\nnpx flink-apphost down >/dev/null`);
  const documented = readTable(readReadme("apphost"), "variable")
    .filter(([, words]) => words?.includes("only where") !== true)
    .flatMap(([names]) => readQuoted(names ?? ""));
  expect(documented.toSorted()).toEqual(Object.keys(JSON.parse(output)).toSorted());
});
