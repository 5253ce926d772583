/** Texts in the syntax of other programs, read by these programs. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { BROKER_PROPERTIES } from "../../apphost/drivers/native-configuration.ts";
import {
  formatJavaProperties,
  formatShellWord,
  quoteForRedis,
  quoteForShell,
} from "../../simulator/common/foundation/foreign-syntax.ts";
import { describeReal } from "../support/real-parts.ts";
import { startRealRedis } from "../support/real-redis.ts";
import { walkSeed } from "../support/script-walk.ts";
import { withRedis } from "../support/system.ts";

const seed = walkSeed();
const SIGNS = " \"'$%#,:\\;!=&|<>()[]{}*?~^`@+ü日🙂\t\n\r\x1b\x7f";
/** What a path may have: neither NUL nor a slash. */
const pathUnit = fc.constantFrom(...SIGNS, ..."abz019._-");

function sample(unit: fc.Arbitrary<string>, count: number): string[] {
  const names = fc.sample(fc.string({ unit, minLength: 1, maxLength: 30 }), { numRuns: count - 1, seed });
  return [SIGNS, ...names];
}

it(`shell: every word is one argument, as it was (TEST_SEED=${seed})`, () => {
  const words = sample(pathUnit, 200);
  const print = "process.stdout.write(JSON.stringify(process.argv.slice(1)))";
  for (const format of [quoteForShell, formatShellWord]) {
    const script = `exec "$0" -e '${print}' -- ${words.map(format).join(" ")}`;
    const { stdout, stderr } = spawnSync("sh", ["-c", script, process.execPath], { encoding: "utf8" });
    expect(JSON.parse(stdout), stderr).toEqual(words);
  }
});

describeReal(["redis"], "redis.conf", () => {
  it(`a quoted word is the text that it was (TEST_SEED=${seed})`, async () => {
    const passwords = sample(fc.oneof(pathUnit, fc.string({ unit: "binary", minLength: 1, maxLength: 1 })), 5);
    for (const given of passwords) {
      const password = given.replaceAll("\0", "");
      if (password === "") continue;
      const redis = await startRealRedis({ args: [`requirepass ${quoteForRedis(password)}`] });
      try {
        const url = `redis://default:${encodeURIComponent(password)}@127.0.0.1:${redis.port}`;
        expect(await withRedis(url, (client) => client.ping()), JSON.stringify(password)).toBe("PONG");
      } finally {
        await redis.stop();
      }
    }
  });
});

describeReal(["kafka"], "Java .properties", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "flink-apphost-properties-"));
    symlinkSync(join(process.env["KAFKA_HOME"] as string, "libs"), join(folder, "libs"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it(`Kafka makes the folders that a value names (TEST_SEED=${seed})`, () => {
    // The list itself splits at commas, and takes blanks from the ends: that is why a run gives it a plain name.
    const names = [...new Set(sample(pathUnit, 60).map((name) => `a${name.replaceAll(",", "")}z`))];
    const properties = {
      ...BROKER_PROPERTIES,
      "controller.quorum.voters": "1@127.0.0.1:1",
      listeners: "PLAINTEXT://127.0.0.1:2,CONTROLLER://127.0.0.1:1",
      "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
      "log.dirs": names.map((name) => `logs/${name}`).join(","),
    };
    writeFileSync(join(folder, "server.properties"), formatJavaProperties(properties));
    const tool = ["kafka.tools.StorageTool", "format", "-t", "AAAAAAAAAAAAAAAAAAAAAA", "-c", "server.properties"];
    const { status, stdout, stderr } = spawnSync("java", tool, {
      cwd: folder,
      env: { PATH: process.env["PATH"] ?? "", CLASSPATH: "libs/*", LC_ALL: "C.UTF-8" },
      encoding: "utf8",
      timeout: 60_000,
    });
    expect(status, stdout + stderr).toBe(0);
    expect(readdirSync(join(folder, "logs")).sort()).toEqual(names.sort());
  });
});
