/** Socket files and links: stale ones go, living ones stay. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  controlSocketPath,
  findControlSocket,
  linkRun,
  listLinkedRuns,
  removeSocketsOfRun,
  removeStaleSockets,
} from "../../../../apphost/files/socket-files.ts";

const runtimeFolder = process.env["XDG_RUNTIME_DIR"];
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flink-sockets-"));
  process.env["XDG_RUNTIME_DIR"] = folder;
});
afterEach(() => {
  if (runtimeFolder === undefined) delete process.env["XDG_RUNTIME_DIR"];
  else process.env["XDG_RUNTIME_DIR"] = runtimeFolder;
  rmSync(folder, { recursive: true, force: true });
});

/** As a host that was killed leaves it: a file on which nobody listens. */
function leaveSocket(path: string): void {
  const script = `require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ["-e", script, path]);
  expect(existsSync(path)).toBe(true);
}

it("removes a socket on which nobody listens, with its link, and nothing else (S1, S2)", async () => {
  const [living, dead] = [join(folder, "living"), join(folder, "dead")];
  const [livingSocket, deadSocket] = [controlSocketPath("0d437693"), controlSocketPath("0d437694")];
  leaveSocket(deadSocket);
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(livingSocket, resolve));
  try {
    linkRun(livingSocket, living);
    linkRun(deadSocket, dead);
    const deadLink = deadSocket.replace(".sock", ".run");
    const orphan = join(folder, "flink-apphost-000000000000.run");
    symlinkSync(dead, orphan);
    // Of our name and no socket, of our name and no link, and a socket on which nobody listens, of another name.
    const [file, notALink] = [join(folder, "flink-apphost-0d437695.sock"), join(folder, "flink-apphost-0d437696.run")];
    for (const path of [file, notALink]) writeFileSync(path, "somebody's");
    const foreign = join(folder, "flink-apphost-of-mine.sock");
    leaveSocket(foreign);
    expect(listLinkedRuns()).toEqual(expect.arrayContaining([living, dead]));
    // Others run hosts on this machine, so other folders may have stale ones of their own.
    expect(await removeStaleSockets()).toContain(deadSocket);
    expect([deadSocket, deadLink, orphan].filter(existsSync)).toEqual([]);
    expect([livingSocket, file, notALink, foreign].map((path) => existsSync(path))).toEqual([true, true, true, true]);
    expect(listLinkedRuns()).toContain(living);
    expect(listLinkedRuns()).not.toContain(dead);
  } finally {
    server.close();
  }
});

it("uses the folder of temporary files when the runtime folder is not there", () => {
  process.env["XDG_RUNTIME_DIR"] = join(folder, "missing");
  expect(controlSocketPath("0d437693").startsWith(tmpdir())).toBe(true);
});

it("finds nothing in a folder that is not there, and does not fail for it", async () => {
  const temporary = process.env["TMPDIR"];
  process.env["XDG_RUNTIME_DIR"] = "";
  process.env["TMPDIR"] = join(folder, "missing");
  try {
    await removeStaleSockets();
    expect(listLinkedRuns().filter((run) => run.startsWith(folder))).toEqual([]);
  } finally {
    if (temporary === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = temporary;
  }
});

it("a run's socket is found by its id alone; what its record says counts only for a socket of ours of such a name", () => {
  const [socket, victim] = [controlSocketPath("0d437693"), join(folder, "victim.sock")];
  leaveSocket(victim);
  expect(findControlSocket("0d437693", victim)).toBe(socket);
  leaveSocket(socket);
  expect(findControlSocket("0d437693", victim)).toBe(socket);
  rmSync(socket);
  const elsewhere = join(mkdtempSync(join(folder, "elsewhere-")), "flink-apphost-0d437693.sock");
  leaveSocket(elsewhere);
  expect(findControlSocket("0d437693", elsewhere)).toBe(elsewhere);
});

it("with a run goes its stale socket wherever it may be, and no living one", async () => {
  const socket = controlSocketPath("0d437693");
  const server = createServer((one) => one.destroy());
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  await removeSocketsOfRun("0d437693");
  expect(existsSync(socket)).toBe(true);
  await new Promise((resolve) => server.close(resolve));
  leaveSocket(socket);
  linkRun(socket, folder);
  await removeSocketsOfRun("0d437693");
  expect(readdirSync(folder)).toEqual([]);
});
