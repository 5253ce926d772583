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
  "process-commands",
  "stored-records",
  "hung-processes",
  "exit-codes",
  "planted-files",
  "terminal-signals",
  "docker-kafka-ui",
  "resource-commands",
  "apphost-file",
  "system-sabotage",
  "bench",
  "attach",
  "host-lifecycle",
  "stop-walk",
  "addresses",
  "secrets",
  "system-bad-days",
  "system-interruptions",
  "independent-reader",
  "system-real",
  // Of the parts.
  "kafka-client",
  "embedded-kafka-groups",
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
