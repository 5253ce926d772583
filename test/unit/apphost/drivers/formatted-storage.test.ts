/** What Kafka's storage tool wrote once formats the next brokers, with identities of their own; whatever is not understood is left to the tool. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { prepareStorage, type StorageSubject } from "../../../../apphost/drivers/formatted-storage.ts";

/** Not text. */
const CHECKPOINT = Buffer.from([0, 0x47, 0xff, 0x80, 0x0a]);
const META = (clusterId: string) =>
  `#\n#Sun Nov 29 12:19:59 UTC 2026\nnode.id=1\ndirectory.id=jF_O9ItSoDAEwHF7wJzxiQ\nversion=1\ncluster.id=${clusterId}\n`;
type Tool = (logDir: string, clusterId: string) => void;

let home = "";
let subject: StorageSubject;
let toolCalls = 0;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "flink-apphost-storage-"));
  mkdirSync(join(home, "libs"));
  writeFileSync(join(home, "libs", "kafka_2.13-4.3.0.jar"), "jar");
  subject = { kafkaVersion: "4.3.0", libs: join(home, "libs"), properties: { "node.id": "1" } };
  toolCalls = 0;
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const write = (meta: (clusterId: string) => string, more: Readonly<Record<string, string>> = {}): Tool => {
  return (logDir, clusterId) => {
    mkdirSync(logDir);
    writeFileSync(join(logDir, "bootstrap.checkpoint"), CHECKPOINT);
    writeFileSync(join(logDir, "meta.properties"), meta(clusterId));
    for (const [name, text] of Object.entries(more)) writeFileSync(join(logDir, name), text);
  };
};

async function prepare(tool = write(META), one: Partial<StorageSubject> = {}) {
  const logDir = mkdtempSync(join(home, "data-"));
  rmSync(logDir, { recursive: true });
  const reason = await prepareStorage(
    { ...subject, ...one },
    {
      env: { XDG_CACHE_HOME: join(home, "cache") },
      logDir,
      askTool: async (clusterId) => {
        toolCalls += 1;
        tool(logDir, clusterId);
      },
    },
  );
  const lines = readFileSync(join(logDir, "meta.properties"), "latin1").split("\n");
  const properties = Object.fromEntries(lines.filter((line) => /^[^#]/.test(line)).map((line) => line.split("=")));
  return { logDir, reason, properties: properties as Record<string, string> };
}

it("the second broker is formatted without the tool, as the first one was, and is a cluster of its own", async () => {
  const first = await prepare();
  const second = await prepare();
  const third = await prepare();
  expect([first.reason, second.reason, toolCalls]).toEqual([null, null, 1]);
  expect(readFileSync(join(second.logDir, "bootstrap.checkpoint"))).toEqual(CHECKPOINT);
  expect(readdirSync(second.logDir).sort()).toEqual(readdirSync(first.logDir).sort());
  expect(Object.keys(second.properties).sort()).toEqual(Object.keys(first.properties).sort());
  expect(second.properties).toMatchObject({ version: "1", "node.id": "1" });
  const ids = [first, second, third].flatMap(({ properties }) => [
    properties["cluster.id"],
    properties["directory.id"],
  ]);
  expect(new Set(ids).size).toBe(6);
  for (const id of ids) expect(Buffer.from(id ?? "", "base64url").toString("base64url")).toBe(id);
});

it("a Kafka that gives a folder no identity has none the second time, too", async () => {
  const withoutDirectoryId = write((clusterId) => META(clusterId).replace(/directory\.id.*\n/, ""));
  await prepare(withoutDirectoryId);
  expect(Object.keys((await prepare(withoutDirectoryId)).properties).sort()).toEqual([
    "cluster.id",
    "node.id",
    "version",
  ]);
  expect(toolCalls).toBe(1);
});

describe("the tool is asked again", () => {
  it.each<[string, Tool, RegExp]>([
    ["where it writes a file that is not known here", write(META, { "x.checkpoint": "" }), /it wrote .*x\.checkpoint/],
    ["where it tells more of a cluster", write((id) => `${META(id)}metadata.encryption=on\n`), /more in it/],
    ["where it escapes what it tells", write((id) => META(id).replace("=1", "\\=1")), /more in it/],
    ["where the cluster is another one than it was told", write(() => META("other")), /other, and not /],
    ["where the metadata is large", write(META, { "bootstrap.checkpoint": "x".repeat(65_537) }), /65537 bytes/],
  ])("%s", async (_, tool, reason) => {
    for (let i = 0; i < 2; i += 1) expect((await prepare(tool)).reason).toMatch(reason);
    expect(toolCalls).toBe(2);
  });

  it("for another Kafka, another set of jars, and other properties", async () => {
    await prepare();
    await prepare(write(META), { kafkaVersion: "4.4.0" });
    await prepare(write(META), { properties: { "node.id": "2" } });
    writeFileSync(join(home, "libs", "another.jar"), "jar");
    await prepare();
    expect(toolCalls).toBe(4);
  });

  it("where what was kept is damaged", async () => {
    await prepare();
    const folder = join(home, "cache", "flink-apphost");
    for (const name of readdirSync(folder)) truncateSync(join(folder, name), 20);
    expect((await prepare()).reason).toBeNull();
    expect(toolCalls).toBe(2);
  });
});
