/** Limits of control groups, as versions 1 and 2 write them. */
import { describe, expect, it } from "vitest";
import { readCgroupMemory, readCpuQuota, type TextReader } from "../../../../apphost/doctor/cgroup.ts";

const GIB = 1_024 ** 3;
const reader =
  (files: Readonly<Record<string, string>>): TextReader =>
  async (path) =>
    files[path];

/** As a service of systemd sees it: a limit above its own group. */
const VERSION_2 = {
  "/proc/self/cgroup": "0::/user.slice/app.scope\n",
  "/sys/fs/cgroup/user.slice/app.scope/memory.max": "max\n",
  "/sys/fs/cgroup/user.slice/app.scope/memory.current": "1000\n",
  "/sys/fs/cgroup/user.slice/memory.max": `${4 * GIB}\n`,
  "/sys/fs/cgroup/user.slice/memory.current": `${3 * GIB}\n`,
  "/sys/fs/cgroup/user.slice/memory.stat": `anon ${GIB}\nfile ${2 * GIB}\ninactive_file ${GIB}\n`,
  "/sys/fs/cgroup/user.slice/app.scope/cpu.max": "150000 100000\n",
  "/sys/fs/cgroup/user.slice/cpu.max": "max 100000\n",
};

/** As a container of version 1 sees it: the path is the machine's, the files are at the top. */
const VERSION_1 = {
  "/proc/self/cgroup": "9:name=systemd:/docker/af\n4:memory:/docker/af\n2:cpu,cpuacct:/docker/af\n0::/docker/af\n",
  "/sys/fs/cgroup/memory/memory.limit_in_bytes": `${2 * GIB}\n`,
  "/sys/fs/cgroup/memory/memory.usage_in_bytes": `${GIB}\n`,
  "/sys/fs/cgroup/memory/memory.stat": `inactive_file 1\ntotal_inactive_file ${GIB / 2}\n`,
  "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "50000\n",
  "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
};

describe("memory", () => {
  it("version 2: the narrowest level counts, and the cache that gives way is available", async () => {
    expect(await readCgroupMemory(reader(VERSION_2))).toEqual({ limitBytes: 4 * GIB, availableBytes: 2 * GIB });
  });

  it("version 1: the sum over the groups below counts as cache", async () => {
    expect(await readCgroupMemory(reader(VERSION_1))).toEqual({ limitBytes: 2 * GIB, availableBytes: 1.5 * GIB });
  });

  it("is null without a limit: version 1 writes a number that no machine has", async () => {
    const unlimited = { ...VERSION_1, "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n" };
    expect(await readCgroupMemory(reader(unlimited))).toBeNull();
    expect(await readCgroupMemory(reader({ "/proc/self/cgroup": "0::/\n" }))).toBeNull();
    expect(await readCgroupMemory(reader({}))).toBeNull();
  });

  it("is never negative, and a text that is no number is no limit", async () => {
    const full = { ...VERSION_1, "/sys/fs/cgroup/memory/memory.usage_in_bytes": `${5 * GIB}\n` };
    expect(await readCgroupMemory(reader(full))).toMatchObject({ availableBytes: 0 });
    const garbled = { ...VERSION_1, "/sys/fs/cgroup/memory/memory.limit_in_bytes": "much\n" };
    expect(await readCgroupMemory(reader(garbled))).toBeNull();
  });
});

describe("CPU time", () => {
  it("is a number of cores in both versions, and null without a limit", async () => {
    expect(await readCpuQuota(reader(VERSION_2))).toBe(1.5);
    expect(await readCpuQuota(reader(VERSION_1))).toBe(0.5);
    const unlimited = { ...VERSION_1, "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n" };
    expect(await readCpuQuota(reader(unlimited))).toBeNull();
    expect(await readCpuQuota(reader({}))).toBeNull();
  });
});
