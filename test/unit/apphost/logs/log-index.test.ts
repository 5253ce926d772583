import { rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LINE_BYTES_MAX, LogIndex } from "../../../../apphost/logs/log-index.ts";
import { LogFolder, START_MS, timed } from "./log-folder.ts";

let folder = new LogFolder();
let index = new LogIndex("a", folder.pathOf("a"));
beforeEach(() => {
  folder = new LogFolder();
  index = new LogIndex("a", folder.pathOf("a"));
});
afterEach(async () => {
  await index.close();
  folder.remove();
});

const block = Buffer.alloc(LINE_BYTES_MAX);

async function readUpToNow(of = index): Promise<void> {
  await of.look();
  of.prepare();
  for (let step = 0; step < 100 && !of.isComplete; step += 1) await of.advance(block);
  expect(of.isComplete).toBe(true);
}

const readAll = () => index.readLines(0, index.lines, 1_000);
const times = () => Array.from({ length: index.lines }, (_, line) => index.sortTime(line) - START_MS);

describe("the lines of a file", () => {
  it("are none before there is a file, and after it is gone", async () => {
    await readUpToNow();
    expect(index.lines).toBe(0);
    folder.append("a", "one\n");
    await readUpToNow();
    expect(await readAll()).toEqual(["one"]);
    rmSync(folder.pathOf("a"));
    await readUpToNow();
    expect(index.lines).toBe(0);
    folder.append("a", "two\n");
    await readUpToNow();
    expect(await readAll()).toEqual(["two"]);
  });

  it("include one that is not finished, which grows", async () => {
    folder.append("a", "one\ntw");
    await readUpToNow();
    expect(await readAll()).toEqual(["one", "tw"]);
    expect(index.settledLines).toBe(1);
    folder.append("a", "o");
    await readUpToNow();
    expect(await readAll()).toEqual(["one", "two"]);
    folder.append("a", "\n\nfour");
    await readUpToNow();
    expect(await readAll()).toEqual(["one", "two", "", "four"]);
    expect(index.settledLines).toBe(3);
  });

  it("come in pieces when they have megabytes", async () => {
    folder.append("a", `one\n${"x".repeat(2 * LINE_BYTES_MAX + 5)}\nlast\n`);
    await readUpToNow();
    expect((await index.readLines(0, index.lines, LINE_BYTES_MAX)).map((line) => line.length)).toEqual([
      3,
      LINE_BYTES_MAX,
      LINE_BYTES_MAX,
      5,
      4,
    ]);
    expect((await readAll()).map((line) => line.length)).toEqual([3, 1_000, 1_000, 5, 4]);
  });

  it("may hold any bytes", async () => {
    folder.append("a", Buffer.from([0xff, 0x00, 0xc3, 0x0a, 0xf0, 0x9f, 0x98, 0x80, 0x0a]));
    await readUpToNow();
    expect(await readAll()).toEqual(["\ufffd\0\ufffd", "😀"]);
  });
});

describe("times", () => {
  it("never fall, and a line without one has that of the line above", async () => {
    folder.append("a", ["none", timed(5, "x"), "  at", timed(3, "y"), timed(9, "z")].join("\n"));
    await readUpToNow();
    expect(times()).toEqual([Number.NEGATIVE_INFINITY, 5, 5, 5, 9]);
  });

  it("are those of coming in, for a line without one that comes much later than the line above (N5)", async () => {
    folder.append("a", "2026-01-01T00:00:00.000Z host  started, pid 1\nat once\n");
    await readUpToNow();
    folder.append("a", "long after\nwith it\n");
    utimesSync(folder.pathOf("a"), new Date(START_MS), new Date(START_MS));
    await readUpToNow();
    const startedMs = Date.parse("2026-01-01T00:00:00.000Z") - START_MS;
    expect(times()).toEqual([startedMs, startedMs, 0, 0]);
  });

  it("are those of coming in, for the first lines of a truncated log that have none (N5)", async () => {
    folder.append("a", `${timed(0, "host  started, pid 1")}\n`);
    await readUpToNow();
    truncateSync(folder.pathOf("a"), 0);
    await readUpToNow();
    folder.append("a", "without a time\nnor this one\n");
    utimesSync(folder.pathOf("a"), new Date(START_MS), new Date(START_MS));
    await readUpToNow();
    expect(times()).toEqual([0, 0]);
  });
});

describe("a file that began anew (N6)", () => {
  it("is noticed when it is shorter", async () => {
    folder.append("a", "one\ntwo\n");
    await readUpToNow();
    const { generation } = index;
    truncateSync(folder.pathOf("a"), 0);
    folder.append("a", "new\n");
    await readUpToNow();
    expect(await readAll()).toEqual(["new"]);
    expect(index.generation).not.toBe(generation);
  });

  it("is noticed when it has grown beyond its former length since", async () => {
    folder.append("a", "one\ntwo");
    await readUpToNow();
    writeFileSync(folder.pathOf("a"), "another one\nwith more lines\n");
    await readUpToNow();
    expect(await readAll()).toEqual(["another one", "with more lines"]);
  });

  it("is noticed when another file took its place", async () => {
    folder.append("a", "one\n");
    await readUpToNow();
    folder.replace("a", "one\ntwo\n");
    const { generation } = index;
    await readUpToNow();
    expect(await readAll()).toEqual(["one", "two"]);
    expect(index.generation).not.toBe(generation);
  });
});

describe("reading", () => {
  it("of a file that grows takes each byte once, but those of its unfinished line (N3)", async () => {
    let bytesRead = 0;
    const openCounting = async (path: string): Promise<FileHandle> => {
      const file = await open(path, "r");
      const read = file.read.bind(file) as (...args: unknown[]) => Promise<{ bytesRead: number }>;
      const countingRead = async (...args: unknown[]) => {
        const result = await read(...args);
        bytesRead += result.bytesRead;
        return result;
      };
      return Object.assign(file, { read: countingRead }) as FileHandle;
    };
    const counted = new LogIndex("a", folder.pathOf("a"), openCounting);
    folder.append("a", `${"a line of a log\n".repeat(200_000)}open`);
    await readUpToNow(counted);
    const { size } = { size: 200_000 * 16 + 4 };
    // A block ends within a line, whose begin is read with the next block.
    expect(bytesRead).toBeLessThan(size + 10 * 16);
    bytesRead = 0;
    await readUpToNow(counted);
    expect(bytesRead).toBe(0);
    folder.append("a", " and done\n");
    await readUpToNow(counted);
    expect(bytesRead).toBe("open and done\n".length + 64);
    await counted.close();
  });
});
