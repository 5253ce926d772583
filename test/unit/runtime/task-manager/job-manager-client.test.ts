import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HEARTBEAT_TIMEOUT_MS, type TaskManagerToJobManager } from "../../../../simulator/common/contract/job/rpc.ts";
import { waitUntil } from "../../../../simulator/common/foundation/deadline.ts";
import { createLog } from "../../../../simulator/common/foundation/log.ts";
import {
  JobManagerClient,
  type JobManagerCommand,
} from "../../../../simulator/runtime/task-manager/job-manager-client.ts";
import { FakeJobManager } from "../../../support/fake-job-manager.ts";

const TM = "taskmanager-01";
const register: TaskManagerToJobManager = {
  type: "register",
  token: "secret",
  tm: TM,
  incarnation: "i1",
  pid: 1,
  slots: 1,
  held: [{ p: 2, g: 9 }],
};
let jobManager: FakeJobManager;
let client: JobManagerClient;
let commands: JobManagerCommand[];
let registrations: number;

beforeEach(async () => {
  jobManager = await FakeJobManager.listen();
  commands = [];
  registrations = 0;
});
afterEach(async () => {
  client.close();
  await jobManager.close();
});

function open(): void {
  client = new JobManagerClient({
    endpoint: { host: "127.0.0.1", port: jobManager.port },
    log: createLog(() => undefined),
    registration: () => register,
    heartbeat: () => ({ type: "heartbeat", metrics: null }),
    onRegistered: () => {
      registrations += 1;
    },
    onCommand: (command) => commands.push(command),
  });
}

const untilCount = (look: () => number, count: number, deadlineMs = 5_000) =>
  waitUntil(() => (look() >= count ? true : undefined), { what: `${count} of them`, deadlineMs });

describe("JobManagerClient", () => {
  it("registers with the first line, sends heartbeats, and passes commands on", async () => {
    open();
    const session = await jobManager.untilRegistered(TM);
    expect(session.register).toEqual(register);
    await untilCount(() => session.received.length, 2);
    expect(session.received[0]).toEqual({ type: "heartbeat", metrics: null });
    jobManager.send(TM, { type: "triggerCheckpoint", epoch: 1, checkpointId: 7 });
    await untilCount(() => commands.length, 1);
    expect(commands).toEqual([{ type: "triggerCheckpoint", epoch: 1, checkpointId: 7 }]);
  });

  it("ignores an epoch lower than the highest one seen, also after a new connection (C1)", async () => {
    open();
    jobManager.epoch = 5;
    await jobManager.untilRegistered(TM);
    await untilCount(() => registrations, 1);
    jobManager.send(TM, { type: "triggerCheckpoint", epoch: 4, checkpointId: 1 });
    jobManager.send(TM, { type: "triggerCheckpoint", epoch: 5, checkpointId: 2 });
    await untilCount(() => commands.length, 1);
    jobManager.epoch = 4;
    jobManager.session(TM)?.socket.destroy();
    await untilCount(() => jobManager.sessions.length, 2);
    jobManager.send(TM, { type: "triggerCheckpoint", epoch: 4, checkpointId: 3 });
    jobManager.send(TM, { type: "registered", epoch: 6 });
    await untilCount(() => registrations, 2);
    expect(commands.map((command) => "checkpointId" in command && command.checkpointId)).toEqual([2]);
  });

  it("comes back to a JobManager that was away, on the same port", async () => {
    open();
    await jobManager.untilRegistered(TM);
    const { port } = jobManager;
    await jobManager.close();
    client.send({ type: "released", p: 1, g: 1 });
    jobManager = await FakeJobManager.listen(port);
    const session = await jobManager.untilRegistered(TM);
    expect(session.register).toEqual(register);
    await untilCount(() => session.received.length, 1);
    // What was said while nobody listened is not said again: the registration tells what is held (C3).
    expect(jobManager.heard(TM).filter(({ type }) => type === "released")).toEqual([]);
  });

  it("gives up a connection that is silent for too long (C2)", async () => {
    jobManager.answers = false;
    open();
    const startMs = performance.now();
    await untilCount(() => jobManager.sessions.length, 2, HEARTBEAT_TIMEOUT_MS + 3_000);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(HEARTBEAT_TIMEOUT_MS);
  });

  it("registers again after a refusal", async () => {
    jobManager.answers = false;
    open();
    await jobManager.untilRegistered(TM);
    jobManager.answers = true;
    jobManager.send(TM, { type: "refused", epoch: 1, reason: "not now" });
    await untilCount(() => registrations, 1);
    expect(jobManager.sessions.length).toBeGreaterThanOrEqual(2);
  });
});
