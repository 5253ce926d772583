/**
 * The READMEs say what the program does: their tables are compared with the tables that the program uses, their links
 * and paths with what is there. Their commands are run by `test/integration/readme-commands.test.ts`.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { BINDINGS } from "../../../apphost/dashboard/state/bindings.ts";
import { VIEWS } from "../../../apphost/dashboard/state/view-state.ts";
import { EXIT } from "../../../apphost/exit-code.ts";
import { OPTION_TABLE } from "../../../apphost/options.ts";
import { applyEvent, EMPTY_SNAPSHOT } from "../../../apphost/snapshot/snapshot.ts";
import { PARTITION_FIELDS } from "../../../simulator/common/contract/state/redis-state.ts";
import { press } from "../../support/dashboard-screen.ts";
import { ROOT } from "../../support/dist.ts";
import { README_NAMES, README_PATHS, readQuoted, readReadme, readTable } from "../../support/readme.ts";
import { sampleEvents } from "../../support/sample-events.ts";

const WORDS_MAX = 1_700;
/** A name with a folder of ours in front: `apphost/main.ts`, `simulator/clients/kafka/wire/`. */
const OUR_PATH = /^(apphost|simulator|producer|scripts|test)\/[\w./-]+$/;

/** As `wc -w` counts. */
const countWords = (text: string): number => text.split(/\s+/).filter((word) => word !== "").length;

/** The anchor that a heading gets on the usual hosts of repositories. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w -]/g, "")
    .replaceAll(" ", "-");

const readAnchors = (path: string): readonly string[] =>
  [...readFileSync(path, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading as string));

describe("README.md", () => {
  it(`has at most ${WORDS_MAX} words`, () => {
    expect(countWords(readReadme("root"))).toBeLessThanOrEqual(WORDS_MAX);
  });

  it("tells keys that kill a TaskManager, and show the checks", () => {
    const [, told = ""] = /The same by keys:([\s\S]*?)\n\n/.exec(readReadme("root")) ?? [];
    const [, command, enter, yes, checks] = readQuoted(told);
    const snapshot = sampleEvents({ messages: 1_000_000 }).reduce(applyEvent, EMPTY_SNAPSHOT);
    const { state, effects } = press(snapshot, [command ?? "", enter?.toLowerCase() ?? "", yes ?? "", checks ?? ""]);
    expect(effects).toMatchObject([{ kind: "ask", request: { request: "kill", resource: "taskmanager-07" } }]);
    expect(state.view).toBe("checks");
  });

  it("lists every exit code, and no other", () => {
    const documented = readTable(readReadme("root"), "exit code").map(([code]) => Number(code));
    expect(documented).toEqual(Object.values(EXIT).sort((a, b) => a - b));
  });
});

describe("apphost/README.md", () => {
  it("lists every option with its variables, and no other", () => {
    const documented = readTable(readReadme("apphost"), "option").map(([option, variables]) => [
      readQuoted(option ?? "")[0]?.split(" ")[0],
      ...readQuoted(variables ?? ""),
    ]);
    const real = Object.values(OPTION_TABLE)
      .filter((option) => option.hidden !== true)
      .map(({ flag, alias }) => [
        `--${flag}`,
        `FLINK_APPHOST_${flag.toUpperCase().replaceAll("-", "_")}`,
        ...(alias === undefined ? [] : [alias]),
      ]);
    expect([...documented].sort()).toEqual([...real].sort());
  });

  it("lists every view of the dashboard, in the order of their numbers", () => {
    const documented = readTable(readReadme("apphost"), "view").map(([view]) => view?.toLowerCase());
    expect(documented).toEqual(VIEWS);
  });

  it("lists every key, where it works and what it does, as the help does", () => {
    const documented = readTable(readReadme("apphost"), "key").map(([keys, where, help]) => ({
      keys: readQuoted(keys ?? ""),
      where,
      help,
    }));
    const real = BINDINGS.map(({ keys, places, help }) => ({ keys, where: places?.join(", ") ?? "everywhere", help }));
    expect(documented).toEqual(real);
  });

  it("tells of every folder, and of no other", () => {
    const documented = readTable(readReadme("apphost"), "folder").map(([folder]) => readQuoted(folder ?? "")[0]);
    const real = readdirSync(join(ROOT, "apphost"), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `apphost/${name}/`);
    expect(documented.toSorted()).toEqual(real.toSorted());
  });
});

describe("simulator/README.md", () => {
  it("lists every field of the state, and no other", () => {
    const documented = readTable(readReadme("simulator"), "field").map(([field]) => readQuoted(field ?? "")[0]);
    const ofPartitions = PARTITION_FIELDS.map((field) => `${field}:<p>`);
    expect(documented).toEqual(["life", "redisRunId", "phase", "epoch", "total", "by:<tm>", ...ofPartitions]);
  });

  it("lists the invariants I1 to I9", () => {
    const documented = [...readReadme("simulator").matchAll(/^\| (I\d) \|/gm)].map(([, label]) => label);
    expect(documented).toEqual(["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9"]);
  });
});

describe.each(README_NAMES)("the README %s", (name) => {
  const text = readReadme(name);

  it("names only files and folders that are there", () => {
    const paths = readQuoted(text).filter((quoted) => OUR_PATH.test(quoted));
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(paths.length).toBeGreaterThan(0);
  });

  it("links only to pages and headings that are there", () => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string);
    const broken = links.filter((target) => {
      const [page = "", anchor] = target.split("#");
      const path = page === "" ? README_PATHS[name] : join(dirname(README_PATHS[name]), page);
      return !existsSync(path) || (anchor !== undefined && !readAnchors(path).includes(anchor));
    });
    expect(broken).toEqual([]);
    expect(links.length).toBeGreaterThan(0);
  });

  it("gives set-up commands that exist", () => {
    const { bin, scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      bin: Record<string, string>;
      scripts: Record<string, string>;
    };
    for (const [, command] of text.matchAll(/npx ([\w-]+)/g)) expect(Object.keys(bin)).toContain(command);
    for (const [, script] of text.matchAll(/npm run ([\w:-]+)/g)) expect(Object.keys(scripts)).toContain(script);
  });
});
