/** Whatever takes more than 2 s says what it waits for, on standard error or in the run's own output. */
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { runCli, startCli, waitForWords } from "../support/run-cli.ts";

let folder: string;
let silent: Server;
let sockets: Socket[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "no-silence-"));
  sockets = [];
  // It takes connections and never says a word.
  silent = createServer((socket) => sockets.push(socket.on("error", () => undefined)));
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  silent.close();
  rmSync(folder, { recursive: true, force: true });
});

const listen = (where: number | string) => new Promise<void>((resolve) => silent.listen(where, resolve));

it("a Kafka or Redis that does not answer is waited for with words, by up and by the terminal that detached it", async () => {
  await listen(0);
  const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const given = ["up", "--kafka", address, "--redis", `redis://${address}`, "--task-managers", "1", "--messages", "0"];
  const [up, detached] = [startCli([...given, "--ui", "plain"]), startCli([...given, "--detach"])];
  try {
    await waitForWords(up, "stdout", /waiting +for an answer of kafka at [\d.:]+, [2-9] s of at most \d+ s/);
    await waitForWords(up, "stdout", /waiting +for an answer of redis at [\d.:]+, [2-9] s of at most \d+ s/);
    const words = /waiting for the job of run \w+ \(waiting for an answer of \w+ at .* s\), \d+ s of at most 900 s/;
    await waitForWords(detached, "stderr", words);
    expect(detached.output().stdout).toBe("");
    for (const cli of [up, detached]) cli.process.kill("SIGINT");
    expect((await up.end()).exitCode).toBe(130);
    expect((await detached.end()).exitCode).toBe(130);
  } finally {
    await up.dispose();
    await detached.dispose();
  }
});

it("a container engine that hangs is waited for with words", async () => {
  const socket = join(folder, "engine.sock");
  await listen(socket);
  const env = { DOCKER_HOST: `unix://${socket}` };
  const up = await runCli(["up", "--infra", "docker", "--once", "--messages", "10"], { env });
  expect(up.exitCode).toBe(3);
  expect(up.stderr).toContain("flink-apphost: waiting for a container engine to answer, 2 s of at most 5 s");
});

it("wait waits for a host that is not there yet, within its timeout, and says so", async () => {
  const waiting = startCli(["wait", "taskmanager", "--timeout", "60s"], { cwd: folder });
  await waitForWords(waiting, "stderr", /waiting for a host in .*\.flink-apphost to be started, 2 s of at most 60 s/);
  const host = startCli(["up", "--infra", "embedded", "--task-managers", "1", "--messages", "0"], { cwd: folder });
  try {
    expect(await waiting.end()).toMatchObject({ exitCode: 0, stdout: "taskmanager: healthy\n" });
  } finally {
    await host.dispose();
    await waiting.dispose();
  }
});

it("wait without a host ends with its timeout, and names what is missing", async () => {
  const late = await runCli(["wait", "kafka", "--timeout", "300ms"], { cwd: folder });
  expect(late.exitCode).toBe(17);
  expect(late.stderr).toMatch(/not healthy within 300 ms: no host runs in .*\.flink-apphost/);
});
