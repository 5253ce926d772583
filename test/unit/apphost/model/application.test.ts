/** The model: a checked graph, and the system's own order in it. */
import { describe, expect, it } from "vitest";
import { describeApplication, TASK_MANAGERS } from "../../../../apphost/app-model.ts";
import { createApplication, expandReplicas, resizeGroup } from "../../../../apphost/model/application.ts";
import { declareApplication } from "../../../../apphost/model/builder.ts";
import { defineAppHost } from "../../../../apphost/model/definition.ts";
import { createResource, moveResource, type ResourceDeclaration } from "../../../../apphost/model/resource.ts";
import { startInOrder } from "../../../../apphost/orchestrator/start.ts";
import { stopSteps } from "../../../../apphost/orchestrator/stop.ts";

const declare = (name: string, ...waits: string[]): ResourceDeclaration => ({
  name,
  kind: "jobmanager",
  life: "standing",
  group: null,
  waitsFor: waits.map((on) => ({ on, until: "ready" })),
  loadsEarly: false,
});

describe("the graph", () => {
  it("lists everything after what it waits for (A3), however it was declared", () => {
    const { order } = createApplication([declare("a", "b", "c"), declare("b", "c"), declare("c")]);
    expect(order.map(({ name }) => name)).toEqual(["c", "b", "a"]);
  });

  it("makes each replica a resource of the group's name", () => {
    const { resources } = declareApplication(
      defineAppHost((app) => void app.addNodeProcess("worker", { script: "./worker.ts", replicas: 2 })),
      "/project",
    );
    const application = createApplication(expandReplicas(resources, { taskManagers: 1 }));
    expect(application.members("worker").map(({ name, process }) => [name, process?.replica])).toEqual([
      ["worker-01", 1],
      ["worker-02", 2],
    ]);
  });
});

describe("a group of another size", () => {
  it("stands in the same place, declared like the first of the old members", () => {
    const before = describeApplication({ taskManagers: 3 });
    const after = resizeGroup(before, TASK_MANAGERS, ["taskmanager-01", "taskmanager-04"]);
    expect(after.members(TASK_MANAGERS).map(({ name }) => name)).toEqual(["taskmanager-01", "taskmanager-04"]);
    expect(after.members("taskmanager-04")[0]).toMatchObject({
      group: TASK_MANAGERS,
      waitsFor: [{ on: "jobmanager" }],
    });
    expect(after.members("taskmanager-02")).toEqual([]);
    expect(stopSteps(after)).toContainEqual(["taskmanager-04", "taskmanager-01"]);
    expect(before.members(TASK_MANAGERS)).toHaveLength(3);
  });
});

describe("the system", () => {
  it("stops dependents before what they depend on", () => {
    expect(stopSteps(describeApplication({ taskManagers: 2 }))).toEqual([
      ["report"],
      ["validator"],
      ["producer"],
      ["flink-job-simulator"],
      ["taskmanager-02", "taskmanager-01"],
      ["jobmanager"],
      ["redis", "kafka"],
    ]);
  });

  it("lets each standing resource begin after everything that it waits for, and load before", async () => {
    const events: string[] = [];
    const application = describeApplication({ taskManagers: 3 });
    await startInOrder(application, application.members("producer")[0]?.waitsFor ?? [], {
      async start({ name, loadsEarly }, reached) {
        if (loadsEarly) {
          events.push(`${name} loads`);
          await reached;
        }
        events.push(name);
      },
      reach: async ({ on, until }) => void events.push(`${on} ${until}`),
      showWaiting: () => undefined,
    });
    const at = (name: string) => events.indexOf(name);
    expect(at("kafka topicReady")).toBeGreaterThan(at("kafka"));
    expect(at("jobmanager")).toBeGreaterThan(at("kafka topicReady"));
    expect(at("jobmanager")).toBeGreaterThan(at("redis"));
    expect(at("taskmanager-03")).toBeGreaterThan(at("jobmanager"));
    expect(at("taskmanager-03 loads")).toBeLessThan(at("kafka topicReady"));
    expect(at("flink-job-simulator")).toBeGreaterThan(at("taskmanager registered"));
    expect(at("flink-job-simulator jobRunning")).toBeGreaterThan(at("flink-job-simulator"));
    // Tasks belong to rounds.
    expect(at("producer")).toBe(-1);
  });

  it("works for what the first round waits for while others are not ready yet, and ends with the last of both", async () => {
    const events: string[] = [];
    const slow = Promise.withResolvers<void>();
    const started = startInOrder(
      createApplication([declare("a"), declare("slow", "a"), declare("b", "a")]),
      [{ on: "b", until: "jobRunning" }],
      {
        async start({ name }) {
          if (name === "slow") await slow.promise;
          events.push(name);
        },
        async reach({ on, until }) {
          events.push(`${on} ${until}`);
          slow.resolve();
        },
        showWaiting: () => undefined,
      },
    );
    await started;
    expect(events).toEqual(["a", "b", "b jobRunning", "slow"]);
  });

  it("starts nothing after what failed, and says why", async () => {
    const begun: string[] = [];
    const started = startInOrder(describeApplication({ taskManagers: 1 }), [], {
      async start({ name }, reached) {
        await reached;
        if (name === "redis") throw new Error("no Redis");
        begun.push(name);
      },
      reach: async () => undefined,
      showWaiting: () => undefined,
    });
    await expect(started).rejects.toThrow("no Redis");
    expect(begun).toEqual(["kafka"]);
  });
});

describe("a resource's life", () => {
  it("refuses a transition that its picture does not have", () => {
    const resource = createResource(declare("a"));
    expect(() => moveResource(resource, { state: "running" })).toThrow(/notStarted to running/);
  });

  it("is healthy while it runs, unhealthy when it died, and neither when it was stopped (R2 of `resource.ts`)", () => {
    const running = moveResource(moveResource(createResource(declare("a")), { state: "starting", pid: 1 }), {
      state: "running",
    });
    expect(running).toMatchObject({ health: "healthy", pid: 1 });
    expect(moveResource(running, { state: "exited", reason: "signal SIGKILL" }).health).toBe("unhealthy");
    expect(moveResource(moveResource(running, { state: "stopping" }), { state: "exited" }).health).toBe("unknown");
  });
});
