/** A round with a rate of its own, asked of a host that may be older than the one who asks. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { runProduce } from "../../../../apphost/cli/produce.ts";
import { CAPABILITIES, type ControlRequest, PRODUCE_RATE } from "../../../../apphost/control/protocol.ts";
import { type ControlServer, startControlServer } from "../../../../apphost/control/server.ts";
import { socketName } from "../../../../apphost/files/socket-files.ts";
import { plantRun } from "../../../support/run-states.ts";

const RUN = "a5ced057";
const VERDICT = { type: "verdict", verdict: "passed", exitCode: 0, reasons: [], checks: {} };

let base = "";
let server: ControlServer;
let capabilities: readonly string[];
let produced: ControlRequest[];

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), "flink-apphost-produce-"));
  capabilities = CAPABILITIES;
  produced = [];
  const socket = join(base, socketName(RUN));
  plantRun(base, `20300101T000000Z-${RUN}`, { socket });
  server = await startControlServer({
    path: socket,
    token: "token",
    async handle(request) {
      if (request.request === "describe") return { version: "0.0.9", capabilities };
      if (request.request === "produce") produced.push(request);
      return VERDICT;
    },
  });
});
afterEach(async () => {
  await server.close();
  rmSync(base, { recursive: true, force: true });
});

const terminal = { write: async () => undefined, note: () => undefined, ended: new AbortController().signal };
const produce = (rate: number) => runProduce({ base, run: null, messages: 5, rate, ui: "quiet" }, terminal);

it("hands the rate on", async () => {
  expect(await produce(1_000)).toBe(0);
  expect(produced).toEqual([{ request: "produce", messages: 5, rate: 1_000 }]);
});

it("parts from a host that would produce at another rate, with a clear sentence, and asks it for nothing", async () => {
  capabilities = CAPABILITIES.filter((one) => one !== PRODUCE_RATE);
  await expect(produce(1_000)).rejects.toThrow(
    /version 0\.0\.9, in which a round has no rate of its own: leave --rate/,
  );
  expect(produced).toEqual([]);
  expect(await produce(0)).toBe(0);
  expect(produced).toHaveLength(1);
});
