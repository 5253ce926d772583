/**
 * The order in which test files begin: those that take longest first, so that no worker is left with one of them when all
 * others are done. Vitest knows by itself only what an earlier run took, and a fresh machine has none.
 */
import { basename } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** By name, without `.test.ts`; more than half a minute each on two cores. */
const LONGEST: readonly string[] = [
  // Of resilience.
  "kafka-outage",
  "native-commands",
  "containers",
  "container-commands",
  "random-faults",
  "kafka-loss",
  "real-servers",
  "embedded-commands",
  // Of the slow ones.
  "readme-commands",
  "terminal-signals",
  "stop-walk",
  "bench",
  "hung-processes",
  "process-commands",
  "resource-commands",
  "stored-records",
  "docker-kafka-ui",
  "embedded-kafka-groups",
  "host-lifecycle",
  "planted-files",
  "system-interruptions",
  "exit-codes",
];

const rankOf = ({ moduleId }: TestSpecification): number => {
  const index = LONGEST.indexOf(basename(moduleId).replace(/\.test\.tsx?$/, ""));
  return index < 0 ? LONGEST.length : index;
};

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}
