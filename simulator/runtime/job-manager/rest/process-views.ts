/** Flink's JSON for the JobManager's own process and for stacks of threads. Pure but for what Node says of the process. */
import type { CollectorUsage } from "../../../common/foundation/engine-usage.ts";
import { MASK, maskAddresses } from "../../../common/foundation/mask.ts";

/** What the JobManager was told at its start, for those who ask. */
export interface JobManagerSite {
  /** The name of this process among the run's. */
  readonly resource: string;
  /** `logs/` of the run. */
  readonly logsFolder: string;
  /** Where savepoints go that are asked for without a place. */
  readonly savepointsFolder: string;
  readonly address: string;
  /** By Flink's names where it has one. */
  readonly configuration: ReadonlyMap<string, string>;
  readonly readCollectors: () => readonly CollectorUsage[];
}

/** The parts of a name by which Flink, too, knows a secret. */
const SECRET_NAME = /password|secret|token|credential|apikey|auth|private/i;

export const viewConfiguration = ({ configuration }: JobManagerSite): object =>
  [...configuration].map(([key, value]) => ({ key, value: SECRET_NAME.test(key) ? MASK : maskAddresses(value) }));

export const viewEnvironment = (): object => ({
  jvm: {
    version: `Node.js ${process.version} (V8 ${process.versions.v8})`,
    arch: process.arch,
    options: process.execArgv.map((option) => (SECRET_NAME.test(option) ? MASK : maskAddresses(option))),
  },
  classpath: [],
});

/** JavaScript runs on one thread, and only its own process can see where that stands. */
export function viewThreadDump(resource: string, isThisProcess: boolean): object {
  const stack = isThisProcess
    ? (new Error("the stack of this answer").stack ?? "")
    : `Node tells the stack of a process to that process alone, and ${resource} was not asked.`;
  return { threadInfos: [{ threadName: "main", stringifiedThreadInfo: `"main"\n${stack}\n` }] };
}
