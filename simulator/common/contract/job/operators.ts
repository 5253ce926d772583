/**
 * The closed list of operators that a job may name. A job submission carries names only, never a path or code: the
 * JobManager refuses any other name, and the TaskManager's registry implements exactly these.
 */
export const OPERATOR_NAMES = [
  /** Keeps every record. */
  "identity",
  /** Test only: drops one record, so that a check must notice a loss. */
  "test-drop-one",
  /** Test only: passes one record twice, so that a check must notice a duplicate. */
  "test-repeat-one",
  /** Test only: fails at a record in the middle of a run, so that the job must fail for that reason. */
  "test-fail-late",
] as const;
export type OperatorName = (typeof OPERATOR_NAMES)[number];

export const isOperatorName = (name: string): name is OperatorName =>
  (OPERATOR_NAMES as readonly string[]).includes(name);
