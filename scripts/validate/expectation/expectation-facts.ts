/** What the validator found when it held both topics against an expectation. */

/** The first differences in words, and how many there are. */
export interface Found {
  readonly count: number;
  readonly first: readonly string[];
}

export interface PairingFacts {
  /** By eachOnce; otherwise by what the mapping makes of an input. */
  readonly byIdentity: boolean;
  readonly hasMapping: boolean;
  readonly inputs: number;
  readonly outputs: number;
  readonly missing: number;
  readonly repeated: number;
  /** How often both topics were read: memory is bounded. */
  readonly readings: number;
  readonly once: Found;
  readonly mapped: Found;
}

export interface TotalsFacts {
  readonly keys: number;
  /** Why not all keys are known; null: they are. */
  readonly unknown: string | null;
  readonly differences: Found;
}

export type ExpectationFacts =
  /** Nobody gave one. */
  | { readonly kind: "none" }
  | { readonly kind: "unread"; readonly reason: string }
  | {
      readonly kind: "read";
      readonly inputRecords: number;
      readonly outputRecords: number;
      /** What could not be read of the two topics. */
      readonly unread: readonly string[];
      readonly pairing: PairingFacts | null;
      readonly totals: TotalsFacts | null;
    };
