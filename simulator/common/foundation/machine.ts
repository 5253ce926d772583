/** The machine as this process has it: a container may leave it less than there is. */
import { cpus, totalmem } from "node:os";

export interface MachineFacts {
  readonly cores: number;
  readonly memoryBytes: number;
  readonly cpuModel: string;
  readonly node: string;
}

/** Where nothing limits it, systems say so by 0 or by more than there is. */
export const readMemoryBytes = (): number => Math.min(totalmem(), process.constrainedMemory() || Infinity);

export function readMachine(): MachineFacts {
  const processors = cpus();
  return {
    cores: processors.length,
    memoryBytes: readMemoryBytes(),
    cpuModel: processors[0]?.model.trim() ?? "unknown",
    node: process.version,
  };
}
