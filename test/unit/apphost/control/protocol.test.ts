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
])("%j is a request", (fields, request) => {
  expect(parseRequest(JSON.stringify({ ...fields, token: "t" }), "t")).toEqual(request);
});

it.each([
  [{ request: "stop" }, /resource is not a name/],
  [{ request: "restart", resource: 7 }, /resource is not a name/],
  [{ request: "start", resource: "x".repeat(101) }, /resource is not a name/],
  [{ request: "scale", group: null, replicas: 2 }, /group is not a name/],
  [{ request: "scale", group: "taskmanager", replicas: 0 }, /from 1 to 256/],
  [{ request: "scale", group: "taskmanager", replicas: TASK_MANAGERS_MAX + 1 }, /from 1 to 256/],
  [{ request: "scale", group: "taskmanager", replicas: 1.5 }, /from 1 to 256/],
  [{ request: "scale", group: "taskmanager", replicas: "2" }, /from 1 to 256/],
])("%j is none, and says why", (fields, reason) => {
  expect(parseRequest(JSON.stringify({ ...fields, token: "t" }), "t")).toMatch(reason);
});
