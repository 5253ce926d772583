/** Thresholds of Node, cores, open files, memory and disks. */
import { describe, expect, it } from "vitest";
import { judgeSocketPath, runFolderBytes } from "../../../../apphost/doctor/folders.ts";
import type { ServerModes } from "../../../../apphost/doctor/lookups.ts";
import { judgeCores, judgeNode, judgeOpenFiles } from "../../../../apphost/doctor/machine.ts";
import {
  judgeEmbeddedMemory,
  judgeMemory,
  neededMemory,
  readAvailableMemory,
} from "../../../../apphost/doctor/memory.ts";
import { formatBytes, judgeRoom } from "../../../../apphost/doctor/room.ts";
import { resolveOptions } from "../../../../apphost/option-resolution.ts";
import type { HostOptions } from "../../../../apphost/options.ts";

const GIB = 1_024 ** 3;
const MIB = 1_024 ** 2;
const EMBEDDED: ServerModes = { kafka: "embedded", redis: "embedded" };
const NATIVE: ServerModes = { kafka: "native", redis: "native" };
const optionsOf = (given: Record<string, string>) => resolveOptions("up", given, {});

describe("the machine", () => {
  it.each([
    ["22.22.0", "ok"],
    ["22.21.9", "failed"],
    ["24.0.0", "ok"],
    ["20.19.0", "failed"],
  ])("Node %s is %s for >=22.22", (version, result) => {
    expect(judgeNode({ version, path: "/bin/node", ofProject: undefined }, ">=22.22").result).toBe(result);
  });

  it("counts the cores that a control group allows", () => {
    expect(judgeCores(8, null)).toMatchObject({ result: "ok", found: "8 cores" });
    expect(judgeCores(8, 2)).toMatchObject({ result: "ok", found: "8 cores, of which a control group allows 2" });
    expect(judgeCores(8, 1.5)).toMatchObject({ result: "warning" });
    expect(judgeCores(1, null)).toMatchObject({ result: "warning", found: "1 core" });
  });

  it("needs more open files for more TaskManagers", () => {
    expect(judgeOpenFiles(1_024, 20).result).toBe("ok");
    expect(judgeOpenFiles(416, 20).result).toBe("ok");
    expect(judgeOpenFiles(415, 20)).toMatchObject({ result: "warning", fix: expect.stringContaining("416") });
    expect(judgeOpenFiles(150, 20).result).toBe("warning");
    expect(judgeOpenFiles(149, 20)).toMatchObject({ result: "failed", reason: expect.stringContaining("150") });
    expect(judgeOpenFiles(1_024, 256).result).toBe("failed");
    expect(judgeOpenFiles(Number.POSITIVE_INFINITY, 256)).toMatchObject({ result: "ok", found: "no limit" });
    expect(judgeOpenFiles(Number.NaN, 20).result).toBe("warning");
  });
});

describe("memory", () => {
  const residentOf = (options: HostOptions, modes: ServerModes) => neededMemory({ options, modes }).residentBytes;

  it("adds 72 MiB a TaskManager, 25 of them its own, and the topic where Kafka is embedded", () => {
    const options = optionsOf({ taskManagers: "20", messages: "0" });
    const one = neededMemory({ options, modes: EMBEDDED });
    const more = neededMemory({ options: { ...options, taskManagers: 21 }, modes: EMBEDDED });
    expect(more.residentBytes - one.residentBytes).toBe(72 * MIB);
    expect(more.ownBytes - one.ownBytes).toBe(25 * MIB);
    const full = { ...options, messages: 1_000_000 };
    expect(residentOf(full, EMBEDDED) - one.residentBytes).toBe(112_000_000);
    expect(residentOf(full, NATIVE)).toBe(residentOf(options, NATIVE));
    expect(residentOf(options, NATIVE)).toBeGreaterThan(one.residentBytes + 0.8 * GIB);
    const docker: ServerModes = { kafka: "docker", redis: "docker" };
    expect(residentOf(optionsOf({ kafkaHeap: "2g" }), docker) - residentOf(options, docker)).toBe(GIB);
  });

  const run = { options: optionsOf({ messages: "0" }), modes: NATIVE };
  const { residentBytes, ownBytes } = neededMemory(run);
  const machine = (machineBytes: number, swapBytes = 0) => ({ machineBytes, swapBytes, group: null });

  it("is a warning where only shared code or swap make it fit, and a failure without either", () => {
    expect(judgeMemory(machine(residentBytes), run).result).toBe("ok");
    expect(judgeMemory(machine(residentBytes - 1), run)).toMatchObject({ result: "warning" });
    expect(judgeMemory(machine(ownBytes), run)).toMatchObject({ result: "warning" });
    expect(judgeMemory(machine(ownBytes - 1, 1), run).reason).toContain("swap");
    expect(judgeMemory(machine(ownBytes - 1), run)).toMatchObject({ result: "failed" });
  });

  it("takes a control group's limit where that is narrower, and there swap is no help", () => {
    const group = { limitBytes: residentBytes, availableBytes: ownBytes - 1 };
    const finding = judgeMemory({ machineBytes: residentBytes * 4, swapBytes: residentBytes * 4, group }, run);
    expect(finding.result).toBe("failed");
    expect(finding.found).toContain("control group");
    const wide = { limitBytes: residentBytes * 8, availableBytes: residentBytes * 8 };
    expect(judgeMemory({ ...machine(residentBytes * 2), group: wide }, run).found).not.toContain("control group");
  });

  it("reads what is available, not what is free", async () => {
    const meminfo =
      "MemTotal:       8000000 kB\nMemFree:         100000 kB\nMemAvailable:   4000000 kB\nSwapFree: 5 kB\n";
    const available = await readAvailableMemory(async (path) => (path === "/proc/meminfo" ? meminfo : undefined));
    expect(available).toEqual({ machineBytes: 4_000_000 * 1_024, swapBytes: 5 * 1_024, group: null });
  });

  it("judges the bound of the embedded Kafka only where that is used", () => {
    const options = optionsOf({ messages: "1000000", embeddedMemory: "100m" });
    expect(judgeEmbeddedMemory(options, "embedded")).toMatchObject({ result: "failed" });
    expect(judgeEmbeddedMemory(options, "native")).toBeNull();
    expect(judgeEmbeddedMemory({ ...options, embeddedMemoryBytes: 112_000_000 }, "embedded")?.result).toBe("ok");
  });
});

describe("disks and paths", () => {
  it("counts a native broker's data in the run's folder, and no other's", () => {
    const options = optionsOf({ messages: "10000000" });
    expect(runFolderBytes(options, NATIVE)).toBeGreaterThan(1_120_000_000);
    expect(runFolderBytes(options, EMBEDDED)).toBeLessThan(100 * MIB);
    expect(runFolderBytes(options, { kafka: "docker", redis: "docker" })).toBeLessThan(100 * MIB);
  });

  it("fits up to the last byte, warns above 80 %", () => {
    const judge = (neededBytes: number) => judgeRoom({ neededBytes, roomBytes: 100, found: "", lack: "", fix: "" });
    expect([80, 81, 100, 101].map((bytes) => judge(bytes).result)).toEqual(["ok", "warning", "warning", "failed"]);
  });

  it("writes bytes with three digits", () => {
    expect([0, 1_023, 1_024, 107 * MIB, 1.94 * GIB, 5_000 * GIB].map(formatBytes)).toEqual([
      "0 B",
      "1023 B",
      "1 KiB",
      "107 MiB",
      "1.9 GiB",
      "4.9 TiB",
    ]);
  });

  it("refuses a socket path of 104 bytes", () => {
    expect(judgeSocketPath(`/${"a".repeat(102)}`).result).toBe("ok");
    expect(judgeSocketPath(`/${"a".repeat(103)}`).result).toBe("failed");
    expect(judgeSocketPath(`/${"ä".repeat(52)}`).result).toBe("failed");
  });
});
