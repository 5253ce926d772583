/**
 * A job that is stopped in one run and goes on in another: savepoints by REST, as Flink's command line takes them, on a
 * Kafka that outlives both runs. Each run has a Redis of its own, so all that the second knows is in the savepoint.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ChecksFile } from "../../simulator/common/contract/files/checks.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { parseSavepoint } from "../../simulator/common/contract/files/savepoint.ts";
import type { SavepointOperation } from "../../simulator/common/contract/job/rest.ts";
import { jobIdOf } from "../../simulator/common/contract/names.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { readJson } from "../../simulator/common/foundation/json-file.ts";
import { type EmbeddedKafka, startEmbeddedKafka } from "../support/embedded-kafka.ts";
import { type Cli, withCli } from "../support/run-cli.ts";
import { expectExit, readRunVariables } from "../support/system.ts";

let broker: EmbeddedKafka;
let folder: string;

beforeAll(async () => {
  broker = await startEmbeddedKafka(100_000_000);
  folder = await mkdtemp(join(tmpdir(), "savepoints-"));
});
afterAll(async () => {
  await broker?.stop();
  await rm(folder, { recursive: true, force: true });
});

const up = (...more: string[]) => {
  const small = ["--task-managers", "2", "--checkpoint-interval", "200", "--infra", "embedded", "--ui", "json"];
  return ["up", ...small, "--kafka", broker.address, ...more];
};

/** Asks the JobManager of that run, as `flink savepoint` and `flink stop` do, and waits for where the savepoint is. */
async function takeSavepoint(cli: Cli, path: "savepoints" | "stop", body: object): Promise<string> {
  const variables = await readRunVariables(cli.cwd);
  const [name = "", value = ""] = (variables["FLINK_REST_CLIENT_HEADERS"] ?? "").split(/:(.*)/);
  const job = `${variables["services__jobmanager__http__0"]}/v1/jobs/${jobIdOf(await cli.runId())}`;
  const headers = { [name]: value, "content-type": "application/json" };
  const answer = await fetch(`${job}/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  expect(answer.status).toBe(202);
  const { "request-id": trigger } = (await answer.json()) as { "request-id": string };
  return waitUntil(
    async () => {
      const { operation } = (await (await fetch(`${job}/savepoints/${trigger}`)).json()) as SavepointOperation;
      if (operation === null) return undefined;
      if ("location" in operation) return operation.location;
      throw new Error(operation["failure-cause"]["stack-trace"]);
    },
    { what: "the savepoint", deadlineMs: 20_000 },
  );
}

async function readTotal(location: string): Promise<number> {
  const parsed = parseSavepoint(await readFile(join(fileURLToPath(location), "_metadata"), "utf8"));
  return parsed.kind === "valid" ? parsed.value.state.total : Number.NaN;
}

it("goes on from a savepoint where the job was stopped, and from an earlier one, and is exact over all of the topic", async () => {
  const savepoints: string[] = [];
  await withCli(up("--messages", "200000", "--rate", "5000", "--partitions", "4"), async (cli) => {
    await cli.waitForEvent("progress", ({ processed }) => processed > 2_000);
    savepoints.push(await takeSavepoint(cli, "savepoints", { "target-directory": folder }));
    await cli.waitForEvent("progress", ({ processed }) => processed > 6_000);
    savepoints.push(await takeSavepoint(cli, "stop", { targetDirectory: folder }));
    const report = await expectExit(cli, await cli.end(), 6);
    expect(report.verdict).toBe("interrupted");
    expect(report.reasons[0]).toContain(`the job was stopped from outside with savepoint ${savepoints[1]}: `);
    expect(report.checks.filter(({ status }) => status === "failed" || status === "unknown")).toEqual([]);
  });
  const totals = await Promise.all(savepoints.map(readTotal));
  expect(totals[0]).toBeGreaterThan(2_000);
  expect(totals[1]).toBeGreaterThan(totals[0] ?? 0);
  for (const [i, savepoint] of savepoints.entries()) {
    await withCli(up("--once", "--from-savepoint", savepoint), async (cli) => {
      const report = await expectExit(cli, await cli.end(), 0);
      expect(report.messages).toMatchObject({ lost: 0, duplicated: 0, unprocessed: 0, rejected: 0 });
      expect(report.messages.processed).toBe(report.messages.inKafka);
      const checks = await readJson<ChecksFile>(runFolder.checks(await cli.runDir()));
      expect(checks?.restored).toBe(totals[i]);
      const own = Object.values(checks?.byTaskManager ?? {}).reduce((sum, n) => sum + n, 0);
      expect(own).toBe((report.messages.processed ?? 0) - (totals[i] ?? 0));
    });
  }
});
