/**
 * Invariants have labels, and each file counts its own: S1 of one file is not S1 of another. So a comment that cites one
 * of another file names that file, and what is cited is there. I1 to I9 are those of the whole system: simulator/README.md
 * lists them.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../../support/dist.ts";

const FOLDERS = ["apphost", "producer", "scripts", "simulator"];
const OF_THE_SYSTEM = /^I[1-9]$/;
/** Words of the same form that are no labels. */
const NO_LABELS = /^(V8|LZ4)$/;

interface Source {
  readonly path: string;
  readonly text: string;
}

interface Citation {
  readonly label: string;
  /** Files that the comment names. */
  readonly files: readonly string[];
}

const readSources = (): readonly Source[] =>
  FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => /\.tsx?$/.test(path))
      .map((path) => ({ path: join(folder, path), text: readFileSync(join(ROOT, folder, path), "utf8") })),
  );

const readLabels = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(/^\s*(?:\*|\/\/|\/\*\*) ([A-Z]{1,2}-?\d{1,2}) /gm)].map(([, label]) => label as string));

const readComments = (text: string): readonly string[] =>
  [...text.matchAll(/\/\*\*[\s\S]*?\*\/|(?:^\s*\/\/ .*\n?)+/gm)].map(([comment]) => comment);

const readCitations = (comment: string): readonly Citation[] => {
  const files = [...comment.matchAll(/`(?:[\w-]+\/)*([\w-]+\.tsx?)`/g)].map(([, file]) => file as string);
  return [...comment.matchAll(/(?<![\w.`{$"-])([A-Z]{1,2}-?\d{1,2})(?![\w.%:/`"-])/g)].map(([, label]) => ({
    label: label as string,
    files,
  }));
};

/** What is cited and stands neither in the file itself nor in one that the comment names. */
function findLostCitations(sources: readonly Source[]): readonly string[] {
  const labels = new Map<string, Set<string>>();
  for (const { path, text } of sources) {
    const known = labels.get(basename(path)) ?? new Set();
    for (const label of readLabels(text)) known.add(label);
    labels.set(basename(path), known);
  }
  return sources.flatMap(({ path, text }) => {
    const own = readLabels(text);
    return readComments(text)
      .flatMap(readCitations)
      .filter(({ label }) => !OF_THE_SYSTEM.test(label) && !NO_LABELS.test(label) && !own.has(label))
      .filter(({ label, files }) => !files.some((file) => labels.get(file)?.has(label)))
      .map(({ label }) => `${path}: ${label}`);
  });
}

describe("labels of invariants", () => {
  it("are cited with the file in which they stand", () => {
    expect(findLostCitations(readSources())).toEqual([]);
  });

  it("that are cited without it, or are not there, are found", () => {
    const sources = [
      { path: "a/one.ts", text: "/**\n * S1 It holds.\n */\n" },
      {
        path: "a/two.ts",
        text: "/** As S1 has it. */\n\n/** As S2 of `one.ts` has it. */\n\n/** As S1 of `one.ts`. */\n",
      },
    ];
    expect(findLostCitations(sources)).toEqual(["a/two.ts: S1", "a/two.ts: S2"]);
  });
});
