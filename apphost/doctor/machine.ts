/** Checks of the machine: Node, cores, open files. */
import { execFile } from "node:child_process";
import { availableParallelism, cpus } from "node:os";
import { promisify } from "node:util";
import { adviseNode, findNodeInUse, isNodeRecent, type NodeInUse } from "../node-version.ts";
import { readCpuQuota, type TextReader } from "./cgroup.ts";
import { type CheckPlan, type Finding, failed, ok, warning } from "./check.ts";

const CORES_COMFORTABLE = 2;
/** The host has the most: its own files, and for each child its pipes, a channel and a log. With less a run has failed. */
const FILES_LEAST = { base: 50, aTaskManager: 5 };
/** What leaves room: a broker opens its jars, segments and connections. */
const FILES_COMFORTABLE = { base: 256, aTaskManager: 8 };

export function planMachineChecks(options: {
  taskManagers: number;
  nodeMin: string;
  readText: TextReader;
}): CheckPlan[] {
  const neededFor = "every run";
  return [
    {
      id: "node",
      title: "Node",
      neededFor,
      isAskedInfrastructure: false,
      examine: async () => judgeNode(findNodeInUse(), options.nodeMin),
    },
    {
      id: "cpu",
      title: "CPU",
      neededFor,
      isAskedInfrastructure: false,
      examine: async () => judgeCores(availableParallelism(), await readCpuQuota(options.readText), cpus()[0]?.model),
    },
    {
      id: "open-files",
      title: "Open files",
      neededFor,
      isAskedInfrastructure: false,
      examine: async () => judgeOpenFiles(await readOpenFilesMax(), options.taskManagers),
    },
  ];
}

/** `minimum` as package.json's `engines` has it: `>=22.22`. */
export function judgeNode(node: NodeInUse, minimum: string): Finding {
  const found = `${node.version} (${node.path})`;
  return isNodeRecent(node.version, minimum) ? ok(found) : failed(found, `Node ${minimum} is needed`, adviseNode(node));
}

/** `quota`: cores that the control group allows; null without a limit. */
export function judgeCores(cores: number, quota: number | null, model = ""): Finding {
  const usable = quota === null ? cores : Math.min(cores, quota);
  const limit = quota === null || quota >= cores ? "" : `, of which a control group allows ${formatCores(quota)}`;
  const found = `${cores} ${cores === 1 ? "core" : "cores"}${limit}${model === "" ? "" : ` (${model})`}`;
  if (usable >= CORES_COMFORTABLE) return ok(found);
  return warning(found, `a run works, but is slower than on the ${CORES_COMFORTABLE} cores it is made for`);
}

const formatCores = (cores: number): string => String(Math.round(cores * 100) / 100);

/** Node raises its own limit to the hard one when it starts, and children inherit that: so a child's limit counts. */
async function readOpenFilesMax(): Promise<number> {
  const { stdout } = await promisify(execFile)("/bin/sh", ["-c", "ulimit -n"]);
  const text = stdout.trim();
  return text === "unlimited" ? Number.POSITIVE_INFINITY : Number(text);
}

export function judgeOpenFiles(max: number, taskManagers: number): Finding {
  if (Number.isNaN(max)) return warning("not known", "`ulimit -n` gave no number");
  const sum = ({ base, aTaskManager }: typeof FILES_LEAST) => base + aTaskManager * taskManagers;
  const found = max === Number.POSITIVE_INFINITY ? "no limit" : `${max} a process`;
  const [least, comfortable] = [sum(FILES_LEAST), sum(FILES_COMFORTABLE)];
  if (max >= comfortable) return ok(found);
  const fix = `raise the hard limit (ulimit -Hn ${comfortable}), or use fewer --task-managers`;
  if (max >= least) return warning(found, `${comfortable} leave room for ${taskManagers} TaskManagers`, fix);
  return failed(found, `at least ${least} are needed for ${taskManagers} TaskManagers`, fix);
}
