/** `publish compose` as a user calls it, and the commands in its compose file against real servers. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import getPort from "get-port";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { defaultsOf } from "../../apphost/options.ts";
import { createComposeFile } from "../../apphost/publish/compose-file.ts";
import { parseHostPort } from "../../simulator/common/foundation/address.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { startEmbeddedKafka } from "../support/embedded-kafka.ts";
import { describeReal } from "../support/real-parts.ts";
import { runCli } from "../support/run-cli.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flink-apphost-publish-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const { kafka, redis } = createComposeFile(defaultsOf("up"), "flink-apphost:0123456789ab").services;

describe("publish compose", () => {
  it("writes the folder, and replaces nothing that somebody changed unless it is told to", async () => {
    writeFileSync(join(folder, "package.tgz"), gzipSync("stands for a package"));
    const args = ["publish", "compose", "--out", "deploy", "--package", "package.tgz", "--messages", "5_000"];
    const publish = (...more: readonly string[]) => runCli([...args, ...more], { cwd: folder });
    const first = await publish();
    expect(first, first.stderr).toMatchObject({ exitCode: 0, stderr: "" });
    expect(first.stdout).toMatch(/run it: cd \S+deploy && docker compose up --build --exit-code-from app\n$/);
    const names = [".dockerignore", ".env", ".flink-apphost-publish.json", "Dockerfile", "README.md"];
    expect(readdirSync(join(folder, "deploy")).sort()).toEqual([...names, "docker-compose.yaml", "flink-apphost.tgz"]);
    const compose = join(folder, "deploy", "docker-compose.yaml");
    const written = readFileSync(compose, "utf8");
    writeFileSync(compose, `${written}# mine\n`);
    const refused = await publish();
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain("changed since: docker-compose.yaml; nothing was written");
    expect(readFileSync(compose, "utf8")).toMatch(/# mine\n$/);
    expect((await publish("--force")).exitCode).toBe(0);
    expect(readFileSync(compose, "utf8")).toBe(written);
  });

  it.each<[string, readonly string[], RegExp]>([
    ["a package that is not there", ["--package", "none.tgz"], /--package is "none.tgz": .* cannot be read \(ENOENT\)/],
    ["a package that is none", ["--package", "plain"], /--package is "plain": .* it is not compressed by gzip/],
    ["an option of this machine", ["--infra", "docker"], /unknown option '--infra' of publish/],
  ])("refuses %s, and writes nothing", async (_, more, text) => {
    writeFileSync(join(folder, "plain"), "plain");
    const ended = await runCli(["publish", "compose", "--out", "deploy", ...more], { cwd: folder });
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toMatch(text);
    expect(readdirSync(folder)).toEqual(["plain"]);
  });
});

describeReal(["bash"], "the health check of the published Kafka", () => {
  const check = (port: number) => {
    const [, program = "", ...args] = kafka.healthcheck?.test ?? [];
    const script = args.map((arg) => arg.replace("/9092", `/${port}`));
    return spawn(program, script, { stdio: "ignore" });
  };
  const exitOf = async (port: number): Promise<number> => (await once(check(port), "exit"))[0] as number;

  it("succeeds where a broker answers, and nowhere else", async () => {
    const broker = await startEmbeddedKafka(16 * 1024 * 1024);
    try {
      expect(await exitOf(parseHostPort(broker.address)?.port ?? 0)).toBe(0);
    } finally {
      await broker.stop();
    }
    expect(await exitOf(await getPort({ host: "127.0.0.1" }))).not.toBe(0);
    // A port that is open says only that somebody will listen.
    const deaf = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
    await once(deaf, "listening");
    expect(await exitOf((deaf.address() as AddressInfo).port)).not.toBe(0);
    deaf.close();
  });
});

describeReal(["redis", "redis-cli"], "the commands of the published Redis", () => {
  it("start a server that keeps its data and knows the password, which stands in no argument", async () => {
    const port = await getPort({ host: "127.0.0.1" });
    // As compose hands them on: its own `$$` is a `$`.
    const inPlace = (words: readonly string[] = []) =>
      words.map((word) => word.replaceAll("$$", "$").replaceAll("6379", String(port)).replace("/data", folder));
    const env = { PATH: process.env["PATH"], REDIS_PASSWORD: "secret123" };
    const [program = "", ...args] = inPlace(redis.command);
    const server = spawn(program, args, { env, cwd: folder, stdio: "ignore" });
    try {
      const check = (password: string): number | null => {
        const [, shell = "", ...words] = inPlace(redis.healthcheck?.test);
        return spawnSync(shell, words, { env: { ...env, REDIS_PASSWORD: password }, stdio: "ignore" }).status;
      };
      const what = { what: "an answer of Redis", deadlineMs: 20_000 };
      await waitUntil(() => Promise.resolve(check("secret123") === 0 ? true : undefined), what);
      expect(check("another")).not.toBe(0);
      expect(readdirSync(folder)).toContain("appendonlydir");
      // The shell has become the server: a signal reaches it.
      const shown = spawnSync("ps", ["-o", "args=", "-p", String(server.pid)], { encoding: "utf8" }).stdout;
      expect(shown).toMatch(/^redis-server /);
      expect(shown).not.toContain("secret123");
    } finally {
      const exited = once(server, "exit");
      server.kill("SIGTERM");
      expect((await exited)[0]).toBe(0);
    }
  });
});
