/**
 * What works in the checkout works in the package: packed, installed by npm into an empty project, and used there by each
 * Node that is supported, and by one that is not. It takes its dependencies from a registry, so only `.ci/run` runs it.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../support/dist.ts";
import {
  copyProject,
  createFolder,
  type Ended,
  initialize,
  install,
  type Packed,
  packInto,
  removeFolder,
  runBy,
  runNpm,
  writeFiles,
} from "../support/packed-project.ts";
import { EXAMPLE } from "../support/readme-example.ts";

const SUPPORTED = ["22", "24"] as const;
const TOO_OLD = "20";
/** Nearly all of it is ECharts, whose licence names its own sources. */
const CHARTS = "dist/scripts/report/html/chart-svg.js";
/** A folder that is published has a README of its own. */
const PUBLISHING = "dist/apphost/publish/";

const folders: string[] = [];
const nodeFolders = new Map<string, string>();
let packed: Packed;
/** A project that `npm init -y` made, with this package installed; only copies of it are worked with. */
let installed: string;
let project: string;

function createOne(): string {
  const folder = createFolder();
  folders.push(folder);
  initialize(folder);
  return folder;
}

function copyInstalled(): string {
  const folder = createFolder();
  folders.push(folder);
  copyProject(installed, folder);
  return folder;
}

/** A folder in whose `node_modules/.bin` that Node is. */
const nodeFolder = (major: string): string => nodeFolders.get(major) ?? "";

beforeAll(() => {
  const tarballs = createFolder();
  folders.push(tarballs);
  packed = packInto(tarballs);
  installed = createOne();
  install(installed, packed.tarball);
  project = copyInstalled();
  runNpm(["pkg", "set", "type=module"], project);
  writeFiles(project, EXAMPLE);
  for (const major of [...SUPPORTED, TOO_OLD]) {
    const folder = createOne();
    install(folder, `node@${major}`);
    nodeFolders.set(major, folder);
  }
}, 600_000);

afterAll(() => {
  for (const folder of folders) removeFolder(folder);
}, 600_000);

function expectStatus(ended: Ended, status: number): void {
  expect(ended.status, `${ended.stdout}\n${ended.stderr}`).toBe(status);
}

describe("the packed files", () => {
  it("are the programs and the docs, and nothing of tests, bench or build", () => {
    const paths = packed.files.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(["package.json", "README.md", "LICENSE", "dist/apphost/main.js"]));
    const code = paths.filter((path) => !path.endsWith(".md"));
    expect(code.filter((path) => /(^|\/)(test|bench|build|lint|node_modules)\/|\.test\./.test(path))).toEqual([]);
    expect(code.filter((path) => /\.tsx?$/.test(path) && !path.endsWith(".d.ts"))).toEqual([]);
  });

  it("name in no message a file that only the checkout has", () => {
    const paths = packed.files.map(({ path }) => path);
    const isProgram = (path: string) => path.endsWith(".js") && path !== CHARTS && !path.startsWith(PUBLISHING);
    const programs = paths.filter(isProgram);
    const named = programs.flatMap((path) =>
      readFileSync(join(ROOT, path), "utf8")
        .split("\n")
        .filter(
          (line) =>
            !/^\s*(\*|\/\/|\/\*)/.test(line) && /["'`].*(README|fetch-kafka|\.ci\/|\w\/\w+\.(md|tsx?|sh)\b)/.test(line),
        )
        .map((line) => `${path}: ${line.trim()}`),
    );
    expect(programs.length).toBeGreaterThan(100);
    expect(paths).toContain(CHARTS);
    expect(named).toEqual([]);
  });

  it("have each of the docs that a link in one of them leads to", () => {
    const paths = new Set(packed.files.map(({ path }) => path));
    const docs = [...paths].filter((path) => path.endsWith(".md"));
    const links = docs.flatMap((doc) =>
      [...readFileSync(join(ROOT, doc), "utf8").matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, to]) => ({
        doc,
        to: normalize(join(dirname(doc), to as string)),
      })),
    );
    expect(links.length).toBeGreaterThan(0);
    // A link to a source is of use in the checkout alone.
    expect(links.filter(({ to }) => to.endsWith(".md") && !paths.has(to))).toEqual([]);
  });
});

describe.each(SUPPORTED)("in an empty project, by Node %s", (major) => {
  it("runs the docs' app host to its verdict", () => {
    const up = ["npx", "flink-apphost", "up", "--once", "--infra", "embedded", "--apphost", "./apphost.ts"] as const;
    const ended = runBy(nodeFolder(major), up, project);
    expectStatus(ended, 0);
    expect(ended.stdout).toContain("PASSED: 10,000 messages processed, 0 lost, 0 duplicated");
    expect(runBy(nodeFolder(major), ["node", "--version"], project).stdout).toMatch(`v${major}.`);
  });

  it("draws the charts of that run's page, with nothing installed for it", () => {
    const made = runBy(nodeFolder(major), ["npx", "flink-apphost", "report", "--html", "page.html"], project);
    expectStatus(made, 0);
    expect(readFileSync(join(project, "page.html"), "utf8")).toContain("<svg viewBox");
    expect(existsSync(join(project, "node_modules", "echarts"))).toBe(false);
  });

  it("runs the docs' test of that app host", () => {
    const ended = runBy(nodeFolder(major), ["node", "check.ts"], project);
    expectStatus(ended, 0);
  });

  it("compiles the docs' example strictly, with the types of that Node and no check left out", () => {
    const folder = copyInstalled();
    install(folder, `@types/node@${major}`);
    runNpm(["pkg", "set", "type=module"], folder);
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
      module: "nodenext",
      target: "es2022",
      types: ["node"],
      allowImportingTsExtensions: true,
    };
    writeFiles(folder, { ...EXAMPLE, "tsconfig.json": JSON.stringify({ compilerOptions, include: ["*.ts"] }) });
    const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
    expectStatus(runBy(nodeFolder("24"), ["node", compiler, "-p", "."], folder), 0);
  });
});

describe("publish compose, of a package that was installed", () => {
  it("packs the same package once more", () => {
    const ended = runBy(nodeFolder("24"), ["npx", "flink-apphost", "publish", "compose", "--out", "deploy"], project);
    expectStatus(ended, 0);
    const published = readFileSync(join(project, "deploy", "flink-apphost.tgz"));
    expect(published.equals(readFileSync(packed.tarball))).toBe(true);
  });
});

describe("in a project that npm init -y made (CommonJS)", () => {
  it("says what to do, and works when that is done", () => {
    const folder = copyInstalled();
    writeFiles(folder, { "apphost.ts": EXAMPLE["apphost.ts"], "api.ts": EXAMPLE["api.ts"] });
    const up = (file: string): Ended => {
      const options = ["--once", "--infra", "embedded", "--ui", "plain", "--apphost", file];
      return runBy(nodeFolder("24"), ["npx", "flink-apphost", "up", ...options], folder);
    };
    const refused = up("./apphost.ts");
    expectStatus(refused, 2);
    expect(refused.stderr).toContain('add "type": "module" to its package.json, or call it .mts');
    runNpm(["pkg", "set", "type=module"], folder);
    expectStatus(up("./apphost.ts"), 0);
  });
});

describe(`by Node ${TOO_OLD}`, () => {
  const advice =
    /flink-apphost needs Node 22\.22 or newer, and this is 20\..*: install a newer one from https:\/\/nodejs\.org, or one for this project alone by `npm install --save-dev node@24`/;

  it.each(["flink-apphost", "run-local-stress-tests"])("%s says which Node it needs, and how to get it", (bin) => {
    const ended = runBy(nodeFolder(TOO_OLD), ["npx", bin, "--help"], project);
    expectStatus(ended, 2);
    expect(ended.stderr).toMatch(advice);
  });

  it("the library says so, too", () => {
    const ended = runBy(nodeFolder(TOO_OLD), ["node", "--eval", 'import("flink-apphost")'], project);
    expectStatus(ended, 1);
    expect(ended.stderr).toMatch(advice);
  });

  it("works once that is done", () => {
    const folder = copyInstalled();
    install(folder, "--save-dev", "node@24");
    expectStatus(runBy(nodeFolder(TOO_OLD), ["npx", "flink-apphost", "--help"], folder), 0);
  });
});
