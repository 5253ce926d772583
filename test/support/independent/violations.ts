/**
 * What can be wrong with a run. Each kind names the product's checks that it confirms: a product that fails one of them is
 * right only if this reader found the same.
 */
const CONFIRMS = {
  stateMissing: ["store-state"],
  topicLost: ["topic-ids", "I3-acknowledged", "I4-ledger-vs-topic", "I4-plan-vs-topic", "acknowledged-kept"],
  topicRepeated: ["topic-ids", "I3-acknowledged", "I4-ledger-vs-topic", "I4-plan-vs-topic", "foreign-records"],
  topicForeign: ["topic-ids", "I3-acknowledged", "I4-ledger-vs-topic", "I4-plan-vs-topic", "foreign-records"],
  topicHoles: ["I3-drained"],
  ledgerMissing: ["ledger-complete", "I3-acknowledged", "I4-ledger-vs-topic", "foreign-records"],
  ledgerShort: ["ledger-complete"],
  ledgerDiffers: ["I4-ledger-vs-topic", "I3-acknowledged"],
  arithmetic: ["I1-partition-arithmetic"],
  total: ["I2-total"],
  shares: ["I9-by-task-manager"],
  effect: ["I4-redis-vs-topic", "I3-acknowledged", "published-keys"],
  behind: ["I3-drained", "I3-acknowledged"],
  /** The topic has a partition of which the job knows nothing. */
  unseen: ["I3-drained", "I3-acknowledged", "topic-partitions"],
  ahead: ["I3-drained", "I4-redis-vs-topic"],
  disorder: ["I6-order", "I4-plan-vs-topic"],
  rejected: ["rejected"],
  published: ["published-keys"],
} as const satisfies Record<string, readonly string[]>;
type ViolationKind = keyof typeof CONFIRMS;

export interface Violation {
  readonly kind: ViolationKind;
  readonly text: string;
  /** False for what a run that ended early leaves by its nature. */
  readonly isBreach: boolean;
}

export const breach = (kind: ViolationKind, text: string): Violation => ({ kind, text, isBreach: true });
export const openEnd = (kind: ViolationKind, text: string): Violation => ({ kind, text, isBreach: false });

export const confirmedChecks = (violations: readonly Violation[]): ReadonlySet<string> =>
  new Set(violations.flatMap(({ kind }) => CONFIRMS[kind]));
