/** Which files of a folder are replaced when it is published again: W1 to W4 of `published-folder.ts`. */
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PublishedFile } from "../../../../apphost/publish/published-files.ts";
import { RECORD_NAME, writePublishedFolder } from "../../../../apphost/publish/published-folder.ts";

let folder = "";
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "flink-apphost-publish-")), "deploy");
});
afterEach(() => rmSync(join(folder, ".."), { recursive: true, force: true }));

const fileOf = (name: string, content: string): PublishedFile => ({ name, content, mode: 0o644, isSecret: false });
const secretOf = (content: string): PublishedFile => ({ name: ".env", content, mode: 0o600, isSecret: true });
const publish = (files: readonly PublishedFile[], isForced = false) =>
  Object.fromEntries(writePublishedFolder(folder, files, { isForced }));
const read = (name: string): string => readFileSync(join(folder, name), "utf8");
const change = (name: string, text: string) => writeFileSync(join(folder, name), text);

const FIRST = [fileOf("a", "1"), fileOf("b", "1"), secretOf("one")];
const SECOND = [fileOf("a", "2"), fileOf("b", "1"), secretOf("two")];

describe("a folder that is published", () => {
  it("is made with its files, and the secret for this user alone", () => {
    expect(publish(FIRST)).toEqual({ a: "new", b: "new", ".env": "new" });
    expect(statSync(join(folder, "a")).mode & 0o777).toBe(0o644 & ~process.umask());
    expect(statSync(join(folder, ".env")).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).sort()).toEqual([".env", RECORD_NAME, "a", "b"].sort());
  });

  it("W1: is replaced where nobody changed it, and W3: keeps its secret", () => {
    publish(FIRST);
    expect(publish(SECOND)).toEqual({ a: "replaced", b: "unchanged", ".env": "kept" });
    expect([read("a"), read(".env")]).toEqual(["2", "one"]);
    // The digest in the record is that of what was published, however often that is done.
    expect(publish(FIRST)).toEqual({ a: "replaced", b: "unchanged", ".env": "kept" });
  });

  it("W3: keeps a secret that its user has changed", () => {
    publish(FIRST);
    change(".env", "my own");
    expect(publish(SECOND)[".env"]).toBe("kept");
    expect(read(".env")).toBe("my own");
  });

  it("W1: is refused with all files that others wrote or changed, and nothing is written", () => {
    publish(FIRST);
    change("a", "mine");
    change("b", "mine");
    expect(() => publish(SECOND)).toThrow(/changed since: a, b; nothing was written: give --out .* or --force/);
    expect([read("a"), read("b")]).toEqual(["mine", "mine"]);
    expect(publish(SECOND, true)).toEqual({ a: "replaced", b: "replaced", ".env": "kept" });
    expect(publish(SECOND)).toMatchObject({ a: "unchanged", b: "unchanged" });
  });

  it("W1: takes a file, a secret and a record of others for theirs", () => {
    publish([fileOf("unrelated", "1")]);
    change(".env", "SECRET=of another program");
    expect(() => publish(FIRST)).toThrow("changed since: .env;");
    expect(existsSync(join(folder, "a"))).toBe(false);
    change(RECORD_NAME, "{}");
    expect(() => publish(FIRST)).toThrow(`changed since: .env, ${RECORD_NAME};`);
    expect(publish(FIRST, true)).toEqual({ a: "new", b: "new", ".env": "replaced" });
    expect(read(".env")).toBe("one");
  });

  it("W2: never replaces what is no plain file", () => {
    publish([fileOf("b", "1")]);
    symlinkSync("b", join(folder, "a"));
    for (const isForced of [false, true]) {
      expect(() => publish(FIRST, isForced)).toThrow(/a is not written: it is a symbolic link/);
    }
    expect(() => writePublishedFolder(join(folder, "b"), FIRST, { isForced: true })).toThrow(
      /b is not written: .*EEXIST/,
    );
  });

  it("W2: makes the folders of its files, and writes through none that is a link", () => {
    expect(publish([fileOf("base/a", "1")])).toEqual({ "base/a": "new" });
    expect(publish([fileOf("base/a", "2")])).toEqual({ "base/a": "replaced" });
    const elsewhere = mkdtempSync(join(tmpdir(), "flink-apphost-publish-"));
    symlinkSync(elsewhere, join(folder, "jobs"));
    for (const isForced of [false, true]) {
      expect(() => publish([fileOf("jobs/b/c", "1")], isForced)).toThrow(/jobs is not written: it is a symbolic link/);
      expect(() => publish([fileOf("base/a/b", "1")], isForced)).toThrow(/base\/a is not written: it is not a folder/);
    }
    expect(readdirSync(elsewhere)).toEqual([]);
    rmSync(elsewhere, { recursive: true });
  });

  it("W4: is published again where the record was not written any more", () => {
    publish(FIRST);
    const record = read(RECORD_NAME);
    publish(SECOND);
    change(RECORD_NAME, record);
    expect(publish(SECOND)).toEqual({ a: "unchanged", b: "unchanged", ".env": "kept" });
    expect(publish(FIRST)["a"]).toBe("replaced");
  });
});
