/** What comes over the control socket for single resources is checked before anybody acts on it. */
import { expect, it } from "vitest";
import { parseRequest } from "../../../../apphost/control/protocol.ts";
import { TASK_MANAGERS_MAX } from "../../../../simulator/common/contract/state/redis-state.ts";

it.each([
  [
    { request: "stop", resource: "redis" },
    { request: "stop", resource: "redis" },
  ],
  [
    { request: "scale", group: "taskmanager", replicas: 1 },
    { request: "scale", group: "taskmanager", replicas: 1 },
  ],
  [
    { request: "scale", group: "taskmanager", replicas: TASK_MANAGERS_MAX },
    { request: "scale", group: "taskmanager", replicas: TASK_MANAGERS_MAX },
  ],
  [
    { request: "pause", resource: "jobmanager" },
    { request: "pause", resource: "jobmanager" },
  ],
  [{ request: "checkpoint" }, { request: "checkpoint" }],
  [
    { request: "produce", messages: 5, rate: 1_000 },
    { request: "produce", messages: 5, rate: 1_000 },
  ],
  // As an older client has it.
  [
    { request: "produce", messages: 5 },
    { request: "produce", messages: 5, rate: 0 },
  ],
])("%j is a request", (fields, request) => {
  expect(parseRequest(JSON.stringify({ ...fields, token: "t" }), "t")).toEqual(request);
});

it.each([
  [{ request: "stop" }, /resource is not a name/],
  [{ request: "restart", resource: 7 }, /resource is not a name/],
  [{ request: "start", resource: "x".repeat(101) }, /resource is not a name/],
  [{ request: "kill", resource: null }, /resource is not a name/],
  [{ request: "produce", messages: 0, rate: 1 }, /messages is not a whole number/],
  [{ request: "produce", messages: 5, rate: -1 }, /rate is not a whole number/],
  [{ request: "produce", messages: 5, rate: 1.5 }, /rate is not a whole number/],
  [{ request: "hold" }, /does not know "hold"; it knows .*kill, pause, resume, .*checkpoint/],
  [{ request: "scale", group: null, replicas: 2 }, /group is not a name/],
  [{ request: "scale", group: "taskmanager", replicas: 0 }, /from 1 to 256/],
  [{ request: "scale", group: "taskmanager", replicas: TASK_MANAGERS_MAX + 1 }, /from 1 to 256/],
  [{ request: "scale", group: "taskmanager", replicas: 1.5 }, /from 1 to 256/],
  [{ request: "scale", group: "taskmanager", replicas: "2" }, /from 1 to 256/],
])("%j is none, and says why", (fields, reason) => {
  expect(parseRequest(JSON.stringify({ ...fields, token: "t" }), "t")).toMatch(reason);
});
