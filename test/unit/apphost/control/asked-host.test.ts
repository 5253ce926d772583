/** A verb that waits for a host's answer: as long as the host works on it, and no longer. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { askRunningHost, type RunningHost } from "../../../../apphost/control/running-host.ts";
import { type ControlServer, startControlServer } from "../../../../apphost/control/server.ts";
import { socketName } from "../../../../apphost/files/socket-files.ts";
import { sleep } from "../../../../simulator/common/foundation/deadline.ts";
import { stateOf } from "../../../support/run-states.ts";

const PATIENCE = { lookIntervalMs: 50, silentMsMax: 300 };
const WORK_MS = 800;
const RUN = "a5ced057";

let folder = "";
let server: ControlServer;
let isHung = false;
let host: RunningHost;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "flink-apphost-asked-"));
  isHung = false;
  const socket = join(folder, socketName(RUN));
  const never = () => new Promise<never>(() => undefined);
  server = await startControlServer({
    path: socket,
    token: "token",
    handle: async (request) => {
      if (isHung) return never();
      if (request.request === "produce") await sleep(WORK_MS);
      return isHung ? never() : request.request;
    },
  });
  host = { runDir: folder, state: stateOf(RUN, { socket }) };
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const produce = (signal?: AbortSignal) =>
  askRunningHost(
    host,
    { request: "produce", messages: 1, rate: 0 },
    { patience: PATIENCE, ...(signal === undefined ? {} : { signal }) },
  );

it("waits longer than a silent host may be for one that works", async () => {
  await expect(produce()).resolves.toBe("produce");
});

it("gives up a host that does not answer any more, and names it (N4)", async () => {
  const asked = produce();
  setTimeout(() => (isHung = true), 100);
  await expect(asked).rejects.toThrow(
    new RegExp(`run ${RUN} \\(pid ${process.pid}\\) is alive, but did not answer at .* for 300 ms: is it stopped`),
  );
});

it("ends at once by its own signal", async () => {
  const stopping = new AbortController();
  const asked = produce(stopping.signal);
  setTimeout(() => stopping.abort(new Error("enough")), 100);
  await expect(asked).rejects.toThrow("enough");
});
