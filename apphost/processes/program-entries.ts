/** Where each kind of our programs starts. */
export const ENTRY = {
  jobmanager: "simulator/runtime/job-manager/main",
  taskmanager: "simulator/runtime/task-manager/main",
  "flink-job-simulator": "simulator/runtime/flink-job-simulator/main",
  producer: "producer/main",
  validator: "scripts/validate/main",
  report: "scripts/report/main",
} as const;

export type ProgramKind = keyof typeof ENTRY;
