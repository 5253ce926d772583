/** Who is recorded for those who kill what is left. */
import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import {
  dropEnded,
  isRunning,
  type ProcessIdentity,
  readStartTime,
} from "../../../../apphost/processes/process-identity.ts";

const self: ProcessIdentity = { pid: process.pid, startTime: readStartTime(process.pid) ?? "" };
const ended: ProcessIdentity = { pid: spawnSync("true").pid, startTime: "1" };
const another: ProcessIdentity = { pid: process.pid, startTime: "1" };

it("tells a running process from one that ended, and from another one under its pid", () => {
  expect([self, ended, another].map(isRunning)).toEqual([true, false, false]);
});

it("drops the ended once there are many, and never one that runs, however long ago it was recorded", () => {
  const few = [self, ended, another];
  expect(dropEnded(few, (one) => one)).toEqual(few);
  const many = [self, ...Array.from({ length: 600 }, () => ended), another, self];
  expect(dropEnded(many, (one) => one)).toEqual([self, self]);
});

it("keeps what is recorded of no process", () => {
  const lines = [{ path: "/a" }, ...Array.from({ length: 600 }, () => ({ child: ended })), { child: self }];
  expect(dropEnded(lines, (line) => ("child" in line ? line.child : null))).toEqual([{ path: "/a" }, { child: self }]);
});
