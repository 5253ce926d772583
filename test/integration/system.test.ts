/** The whole system as a user runs it, on the embedded servers: exact at any size, precise about bad input. */
import { describe, expect, it } from "vitest";
import { runCli } from "../support/run-cli.ts";
import { expectPassed, ONCE, readVerdict } from "../support/system.ts";

interface Shape {
  readonly messages: number;
  readonly taskManagers: number;
  readonly partitions: number;
  readonly messageSize: number;
}

const SHAPES: readonly Shape[] = [
  { messages: 1, taskManagers: 20, partitions: 20, messageSize: 100 },
  { messages: 7, taskManagers: 1, partitions: 20, messageSize: 64 },
  { messages: 1_000, taskManagers: 7, partitions: 50, messageSize: 10_000 },
  { messages: 100_003, taskManagers: 25, partitions: 50, messageSize: 100 },
  { messages: 100_003, taskManagers: 20, partitions: 20, messageSize: 64 },
];

const optionsOf = (shape: Shape): string[] => [
  "--messages",
  String(shape.messages),
  "--task-managers",
  String(shape.taskManagers),
  "--partitions",
  String(shape.partitions),
  "--message-size",
  String(shape.messageSize),
];

describe("up --once", () => {
  it.each(SHAPES)(
    "$messages messages of $messageSize bytes, $taskManagers TaskManagers, $partitions partitions",
    async (shape) => {
      await runCli([...ONCE, ...optionsOf(shape)], {}, async (cli, result) => {
        const report = await expectPassed(cli, result, shape.messages);
        expect(report.taskManagers).toHaveLength(shape.taskManagers);
        expect(report.partitions).toHaveLength(shape.partitions);
        expect(report.parameters).toMatchObject(shape);
        expect(report.infra.kafka.mode).toBe("embedded");
        expect(report.infra.redis.mode).toBe("embedded");
        const counts = report.taskManagers.map((taskManager) => taskManager.partitions.length);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        const verdict = readVerdict(result);
        expect(verdict).toMatchObject({
          verdict: "passed",
          exitCode: 0,
          processed: shape.messages,
          lost: 0,
          duplicated: 0,
        });
        // Only NDJSON on stdout: readVerdict parsed every line.
        expect(report.samples.first.length).toBe(Math.min(10, shape.messages));
      });
    },
  );

  it("takes options from the environment, and the command line over it", async () => {
    const env = { FLINK_APPHOST_MESSAGES: "50", FLINK_APPHOST_TASK_MANAGERS: "2", SIMULATOR_NUM_MESSAGES: "9" };
    await runCli([...ONCE, "--task-managers", "3"], { env }, async (cli, result) => {
      const report = await expectPassed(cli, result, 50);
      expect(report.taskManagers).toHaveLength(3);
    });
  });

  it("prints a readable log and a durable summary without a terminal", async () => {
    const args = ["up", "--once", "--infra", "embedded", "--messages", "1_000", "--task-managers", "2"];
    const { exitCode, stdout } = await runCli(args);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^ +\d+\.\ds {2}taskmanagers +2 of 2 running$/m);
    expect(stdout).toMatch(/^PASSED: 1,000 messages processed, 0 lost, 0 duplicated/m);
    expect(stdout).toMatch(/^ {2}report +\S+report\.json$/m);
  });
});

describe("wrong usage ends with exit 2 and names the value", () => {
  it.each([
    [["up", "--messages", "abc"], /--messages.*abc/],
    [["up", "--message-size", "63"], /--message-size.*63/],
    [["up", "--task-managers", "0"], /--task-managers.*0/],
    [["up", "--ui", "pretty"], /--ui.*pretty/],
    [["up", "--infra", "cloud"], /--infra.*cloud/],
    [["up", "--max-time", "5 parsecs"], /--max-time.*5 parsecs/],
    [["up", "--no-such-option"], /no-such-option/],
    [["fly"], /fly/],
    [["up", "--once", "--messages", "0"], /--messages 0/],
    [["up", "--ui", "tui"], /terminal/],
    [["up", "--kafka", "example.com:9092"], /--allow-remote/],
    [["up", "--infra", "embedded", "--messages", "1_000_000", "--embedded-memory", "2m"], /2097152/],
    [["up", "--messages", "999_999_999_999"], /need 125,000,000,000 bytes .* machine has is [\d,]+ bytes/],
  ] as const)("%j", async (args, message) => {
    const { exitCode, stderr, stdout } = await runCli(args);
    expect(exitCode, stderr + stdout).toBe(2);
    expect(stderr).toMatch(message);
  });

  it("a password in a wrong value is not printed", async () => {
    const { exitCode, stderr, stdout } = await runCli(["up", "--redis", "http://:s3cret@127.0.0.1:6379"]);
    expect(exitCode).toBe(2);
    expect(stderr + stdout).not.toContain("s3cret");
  });
});
