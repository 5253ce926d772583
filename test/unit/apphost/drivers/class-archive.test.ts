/** The archive of Kafka's classes: whole, ours, for this very Java and Kafka, and bounded; or none, and a start as always. */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type ArchiveSubject,
  type ClassArchive,
  findClassArchive,
  KEPT_MAX,
  keepClassArchive,
  stemOf,
} from "../../../../apphost/drivers/class-archive.ts";
import { cacheFolder } from "../../../../apphost/files/cache-folder.ts";

const JAVA = 'openjdk version "17.0.15" 2025-04-15\nOpenJDK 64-Bit Server VM (build 17.0.15+6, mixed mode, sharing)';
let home = "";
let folder = "";
let subject: ArchiveSubject;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "flink-apphost-archive-"));
  folder = join(home, "cache", "flink-apphost");
  mkdirSync(join(home, "libs"));
  writeFileSync(join(home, "libs", "kafka_2.13-4.3.0.jar"), "jar");
  subject = { program: "kafka", version: "4.3.0", javaText: JAVA, libs: join(home, "libs"), jvmFlags: ["-Xmx1g"] };
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const find = (one: Partial<ArchiveSubject> = {}, env: Record<string, string> = {}): Promise<ClassArchive> =>
  findClassArchive({ ...subject, ...one }, { XDG_CACHE_HOME: join(home, "cache"), ...env });

/** As a broker leaves it. */
async function make(content: string, one: Partial<ArchiveSubject> = {}): Promise<string> {
  const absent = await find(one);
  if (absent.kind !== "absent") throw new Error(`not to be made: ${JSON.stringify(absent)}`);
  const made = join(home, "made-classes.jsa");
  writeFileSync(made, content);
  expect(await keepClassArchive(absent, made)).toBeNull();
  const kept = await find(one);
  if (kept.kind !== "kept") throw new Error(`not kept: ${JSON.stringify(kept)}`);
  return kept.path;
}

it("is offered to the next start, with the bytes that the broker left", async () => {
  expect(readFileSync(await make("classes"), "utf8")).toBe("classes");
  expect(readdirSync(folder)).toHaveLength(1);
});

const replaceByLink = (path: string) => {
  rmSync(path);
  symlinkSync(join(home, "made-classes.jsa"), path);
};

describe("one that is not what its name says is no archive, and is gone", () => {
  it.each<[string, (path: string) => void]>([
    ["cut short, which would end a JVM", (path) => truncateSync(path, 3)],
    ["with another byte in it", (path) => writeFileSync(path, "clasSes")],
    ["a link to somewhere else", replaceByLink],
    ["writable for everybody", (path) => chmodSync(path, 0o666)],
  ])("%s", async (_, damage) => {
    const path = await make("classes");
    damage(path);
    expect(await find()).toMatchObject({ kind: "absent" });
    expect(readdirSync(folder)).toEqual([`${stemOf(subject)}.tried`]);
  });
});

it("is for one Java, one Kafka with its jars, and one set of flags", async () => {
  const path = await make("classes");
  const others: Partial<ArchiveSubject>[] = [
    { javaText: JAVA.replaceAll("17.0.15", "17.0.16") },
    { version: "4.4.0" },
    { program: "flink-taskmanager" },
    { jvmFlags: ["-Xmx2g"] },
  ];
  for (const other of others) expect(stemOf({ ...subject, ...other })).not.toBe(stemOf(subject));
  expect(await find()).toEqual({ kind: "kept", path });
  writeFileSync(join(home, "libs", "another.jar"), "jar");
  expect(await find()).toMatchObject({ kind: "absent" });
});

it("is made by one host at a time, and after a broker that was killed only on the next day", async () => {
  expect(await find()).toMatchObject({ kind: "absent" });
  expect(await find()).toMatchObject({ kind: "none", reason: expect.stringMatching(/being made/) });
  const yesterday = Date.now() / 1_000 - 90_000;
  utimesSync(join(folder, `${stemOf(subject)}.tried`), yesterday, yesterday);
  expect(await find()).toMatchObject({ kind: "absent" });
});

it("is told not to be there when the broker left none", async () => {
  const absent = await find();
  if (absent.kind !== "absent") throw new Error(absent.kind);
  expect(await keepClassArchive(absent, join(home, "nothing.jsa"))).toBe("kafka left none");
});

it("stays with the newest others, and no more", async () => {
  const versions = ["4.0.0", "4.1.0", "4.2.0", "4.3.0"];
  for (const [i, version] of versions.entries()) {
    const path = await make(`classes of ${version}`, { version });
    const atS = Date.now() / 1_000 - 100 + i;
    utimesSync(path, atS, atS);
  }
  expect(readdirSync(folder)).toHaveLength(KEPT_MAX);
  expect(await find({ version: "4.0.0" })).toMatchObject({ kind: "absent" });
  expect(await find({ version: "4.3.0" })).toMatchObject({ kind: "kept" });
});

describe("there is none, and nothing is made,", () => {
  it.each<[string, Partial<ArchiveSubject>, Record<string, string>, RegExp]>([
    ["for a Java without shared classes", { javaText: JAVA.replace(", sharing", "") }, {}, /shares no classes/],
    ["where nobody will start again", {}, { CI: "true" }, /CI is set/],
    ["where no folder can be made", {}, { XDG_CACHE_HOME: "/dev/null" }, /ENOTDIR|EEXIST/],
  ])("%s", async (_, one, env, reason) => {
    const archive = await find(one, env);
    expect(archive).toMatchObject({ kind: "none", reason: expect.stringMatching(reason) });
  });

  it("in a folder that is not ours alone", async () => {
    await find();
    chmodSync(folder, 0o777);
    expect(await find()).toMatchObject({ kind: "none", reason: expect.stringMatching(/others may write it/) });
  });
});

it("lies where the system has its caches", () => {
  expect(cacheFolder({ XDG_CACHE_HOME: "/c" }, "linux", "/home/u")).toBe("/c/flink-apphost");
  expect(cacheFolder({ XDG_CACHE_HOME: "relative" }, "linux", "/home/u")).toBe("/home/u/.cache/flink-apphost");
  expect(cacheFolder({}, "darwin", "/Users/u")).toBe("/Users/u/Library/Caches/flink-apphost");
  expect(cacheFolder({}, "linux", "")).toBeNull();
});
