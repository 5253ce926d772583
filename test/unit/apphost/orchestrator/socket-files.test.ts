/** Socket files and links: stale ones go, living ones stay. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { controlSocketPath } from "../../../../apphost/orchestrator/control-socket.ts";
import { linkRun, listLinkedRuns, removeStaleSockets } from "../../../../apphost/orchestrator/socket-files.ts";

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
  const [livingSocket, deadSocket] = [controlSocketPath(living), controlSocketPath(dead)];
  leaveSocket(deadSocket);
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(livingSocket, resolve));
  try {
    linkRun(livingSocket, living);
    const deadLink = linkRun(deadSocket, dead);
    const orphan = join(folder, "flink-apphost-000000000000.run");
    symlinkSync(dead, orphan);
    const foreign = join(folder, "somebody.sock");
    writeFileSync(foreign, "");
    expect(listLinkedRuns()).toEqual(expect.arrayContaining([living, dead]));
    // Others run hosts on this machine, so other folders may have stale ones of their own.
    expect(await removeStaleSockets()).toContain(deadSocket);
    expect([deadSocket, deadLink, orphan].filter(existsSync)).toEqual([]);
    expect(existsSync(livingSocket) && existsSync(foreign)).toBe(true);
    expect(listLinkedRuns()).toContain(living);
    expect(listLinkedRuns()).not.toContain(dead);
  } finally {
    server.close();
  }
});

it("uses the folder of temporary files when the runtime folder is not there", () => {
  process.env["XDG_RUNTIME_DIR"] = join(folder, "missing");
  expect(controlSocketPath("/any").startsWith(tmpdir())).toBe(true);
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
