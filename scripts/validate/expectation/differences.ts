/** What differs between input and output, in words that name partition and offset: the first of them, and how many. Pure. */
import type { Place } from "./pair-table.ts";

export type Side = "input" | "output";

export interface Difference extends Place {
  readonly side: Side;
  /** A sentence, which begins with the place. */
  readonly text: string;
  /** An input whose expected record the sentence lacks, and gets when everything is read. */
  readonly expectedOf?: Place;
}

const KEPT_MAX = 5;
const QUOTED_MAX = 200;

/** The first by partition and offset, those of the output before those of the input. */
export class Differences {
  #count = 0;
  #kept: Difference[] = [];

  add(difference: Difference, count = 1): void {
    this.#count += count;
    this.#kept = [...this.#kept, difference].sort(compare).slice(0, KEPT_MAX);
  }

  get count(): number {
    return this.#count;
  }

  get first(): readonly Difference[] {
    return this.#kept;
  }
}

const compare = (a: Difference, b: Difference): number =>
  Number(a.side === "input") - Number(b.side === "input") || a.p - b.p || a.offset - b.offset;

export const namePlace = (side: Side, { p, offset }: Place): string => `${side} partition ${p} offset ${offset}`;

/** As JSON, cut to what a report can show. */
export function quote(text: string | null): string {
  const quoted = JSON.stringify(text);
  return quoted.length <= QUOTED_MAX ? quoted : `${quoted.slice(0, QUOTED_MAX)}…`;
}
