/** When a wait is over: by name, by group, and by what a status means. */
import { expect, it } from "vitest";
import { checkNames, checkRemoved, listUnreached } from "../../../../apphost/cli/wait.ts";
import type { ResourceDescription } from "../../../../apphost/model/description.ts";
import type { ResourceHealth, ResourceState } from "../../../../simulator/common/contract/events.ts";

function resource(
  name: string,
  state: ResourceState,
  healthStatus: ResourceHealth,
  group: string | null = null,
): ResourceDescription {
  return {
    name,
    displayName: name,
    resourceType: "taskmanager",
    state,
    healthStatus,
    healthReports: [],
    urls: [],
    environment: {},
    exitCode: null,
    startTimestamp: null,
    relationships: [],
    commands: [],
    properties: { pid: 1, restarts: 0, reason: "", failure: null, group, life: "standing", logFile: "" },
  };
}

const RESOURCES = [
  resource("kafka", "running", "healthy"),
  resource("producer", "finished", "healthy"),
  resource("taskmanager-01", "running", "healthy", "taskmanager"),
  resource("taskmanager-02", "starting", "unknown", "taskmanager"),
  resource("taskmanager-03", "running", "unhealthy", "taskmanager"),
];

const unreached = (names: string[], status: "running" | "healthy" | "finished") =>
  listUnreached(RESOURCES, names, status).map(({ name }) => name);

it("waits for every member of a group", () => {
  expect(unreached(["taskmanager"], "running")).toEqual(["taskmanager-02"]);
  expect(unreached(["taskmanager"], "healthy")).toEqual(["taskmanager-02", "taskmanager-03"]);
  expect(unreached(["taskmanager-01", "kafka"], "healthy")).toEqual([]);
});

it("takes a task that ended with success for one that was up, and nothing else for finished (W2)", () => {
  expect(unreached(["producer"], "running")).toEqual([]);
  expect(unreached(["producer"], "healthy")).toEqual([]);
  expect(unreached(["producer", "kafka"], "finished")).toEqual(["kafka"]);
});

it("refuses a name that nobody has, and says which there are", () => {
  expect(() => checkNames("r1", RESOURCES, ["taskmanager", "kafka"])).not.toThrow();
  expect(() => checkNames("r1", RESOURCES, ["kafka", "taskmanager-1"])).toThrow(
    /run r1 has no resource or group "taskmanager-1": it has taskmanager, kafka, producer, taskmanager-01,/,
  );
  expect(() => checkNames("r1", RESOURCES, ["kafak", "kafka", "redsi"])).toThrow(
    /no resource or group "kafak, redsi": /,
  );
});

it("fails for a resource that was scaled away, and goes on without a member of a group (W1)", () => {
  const removed = resource("taskmanager-03", "exited", "unknown", "taskmanager");
  expect(() => checkRemoved(removed, ["kafka", "taskmanager-03"], "finished")).toThrow(
    /will not be finished, because taskmanager-03 was scaled away/,
  );
  expect(() => checkRemoved(removed, ["taskmanager"], "finished")).not.toThrow();
});
