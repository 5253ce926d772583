/** Who is recorded for those who kill what is left. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import {
  dropEnded,
  isRunning,
  type ProcessIdentity,
  readStartTime,
} from "../../../../apphost/processes/process-identity.ts";
import { waitUntil } from "../../../../simulator/common/foundation/deadline.ts";

const self: ProcessIdentity = { pid: process.pid, startTime: readStartTime(process.pid) ?? "" };
const ended: ProcessIdentity = { pid: spawnSync("true").pid, startTime: "1" };
const another: ProcessIdentity = { pid: process.pid, startTime: "1" };

it("tells a running process from one that ended, and from another one under its pid", () => {
  expect([self, ended, another].map(isRunning)).toEqual([true, false, false]);
});

it("takes a process that ended for ended, also when its parent never looks (P4)", async () => {
  // The shell becomes a program that knows nothing of the child: it stays a zombie, as in a container without an init.
  const parent = spawn("/bin/sh", ["-c", "sleep 0.2 & echo $!; exec sleep 60"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  try {
    const [line] = (await once(parent.stdout, "data")) as [Buffer];
    const pid = Number(line.toString());
    const child: ProcessIdentity = { pid, startTime: readStartTime(pid) ?? "" };
    expect(isRunning(child)).toBe(true);
    await waitUntil(() => (isRunning(child) ? undefined : true), { what: "its end", deadlineMs: 10_000 });
    expect(readStartTime(pid)).toBe(child.startTime);
  } finally {
    parent.kill("SIGKILL");
  }
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
