/** Log files from their end and from their start, compared with the whole text at once. */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LineReader, openLastLines, openLines } from "../../../../apphost/logs/log-files.ts";

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flink-apphost-logs-"));
  path = join(folder, "a.log");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const everything = (_line: string) => true;

async function readAll(reader: LineReader): Promise<string[]> {
  const lines: string[] = [];
  for (let line = await reader.read(); line !== undefined; line = await reader.read()) lines.push(line);
  return lines;
}

async function readLast(count: number, isComplete: boolean, matches = everything) {
  const { lines, reader } = await openLastLines(path, { count, matches, isComplete });
  const after = await readAll(reader);
  const rest = reader.takeRest();
  await reader.close();
  return { lines: lines.reverse(), after, rest };
}

describe("any file", () => {
  // Lines of some 10,000 characters, so that files have several blocks, and characters of several bytes.
  const text = fc
    .array(fc.oneof(fc.string({ unit: "grapheme", maxLength: 20 }), fc.constant("ü".repeat(20_011)), fc.constant("")), {
      maxLength: 30,
    })
    .map((lines) => lines.map((line) => line.replaceAll("\n", " ")).join("\n"));

  it("gives its last lines, and what is unfinished to the reader or as a line", async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.nat(12), fc.boolean(), async (content, count, isComplete) => {
        writeFileSync(path, content);
        const lines = content.split("\n");
        const open = lines.pop() ?? "";
        const complete = isComplete && open !== "" ? [...lines, open] : lines;
        const expected = count === 0 ? [] : complete.slice(-count);
        const rest = isComplete || open === "" ? undefined : open;
        expect(await readLast(count, isComplete)).toEqual({ lines: expected, after: [], rest });
      }),
      { numRuns: 60 },
    );
  });

  it("gives all its lines from the start, and those that are written later", async () => {
    await fc.assert(
      fc.asyncProperty(text, text, async (content, more) => {
        writeFileSync(path, content);
        const reader = await openLines(path);
        const before = await readAll(reader);
        appendFileSync(path, more);
        const lines = [...before, ...(await readAll(reader)), reader.takeRest() ?? ""];
        await reader.close();
        expect(lines.join("\n")).toBe(content + more);
      }),
      { numRuns: 40 },
    );
  });
});

it("counts only lines that match", async () => {
  writeFileSync(
    path,
    Array.from({ length: 50_000 }, (_, i) => `line ${i} ${i % 1_000 === 0 ? "ERROR" : "fine"}\n`).join(""),
  );
  const { lines } = await readLast(3, true, (line) => line.includes("ERROR"));
  expect(lines).toEqual(["line 47000 ERROR", "line 48000 ERROR", "line 49000 ERROR"]);
});

it("of a gigabyte reads only the end (G2)", async ({ skip }) => {
  const io = "/proc/self/io";
  skip(!existsSync(io), "only Linux tells how much a process has read");
  const readBytes = () => Number(/^rchar: (\d+)/m.exec(readFileSync(io, "utf8"))?.[1]);
  writeFileSync(path, "");
  truncateSync(path, 1024 ** 3);
  appendFileSync(path, `\n${Array.from({ length: 10 }, (_, i) => `line ${i}\n`).join("")}`);
  const before = readBytes();
  expect((await readLast(10, true)).lines[0]).toBe("line 0");
  expect(readBytes() - before).toBeLessThan(2_000_000);
});

it("cuts a line that has no end into pieces, and keeps little of it (G1)", async () => {
  writeFileSync(path, "x".repeat(5_000_000));
  const reader = await openLines(path);
  const lines = await readAll(reader);
  const rest = reader.takeRest() ?? "";
  await reader.close();
  expect(lines.length).toBeGreaterThan(2);
  expect([...lines, rest].join("")).toHaveLength(5_000_000);
});
