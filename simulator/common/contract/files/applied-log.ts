/**
 * The applied log: which offsets were applied, in which order, under which fence. Text, one row per line, fields separated
 * by one space. Pure; the TaskManager writes, the validator reads.
 *
 *   apply row    A life p g prev next n base tm appliedAtUs     after OK or DUP, before the partition's next APPLY
 *   acquire row  Q life p g offset                              after ACQUIRE
 *
 * prev and next are the offsets before and after the batch, n the records processed in it, and their ordered ids are
 * base+1 … base+n. An unterminated last line is ignored: its writer died in the middle of it.
 */
export interface ApplyRow {
  readonly kind: "apply";
  readonly life: string;
  readonly p: number;
  readonly g: number;
  readonly prev: number;
  readonly next: number;
  readonly n: number;
  readonly base: number;
  readonly tm: string;
  /** 0 in a row that a new owner re-appends from `last:<p>`: it does not know when the reply came. */
  readonly appliedAtUs: number;
}

export interface AcquireRow {
  readonly kind: "acquire";
  readonly life: string;
  readonly p: number;
  readonly g: number;
  readonly offset: number;
}

export type AppliedLogRow = ApplyRow | AcquireRow;

export function formatAppliedLogRow(row: AppliedLogRow): string {
  if (row.kind === "acquire") return `Q ${row.life} ${row.p} ${row.g} ${row.offset}\n`;
  const { life, p, g, prev, next, n, base, tm, appliedAtUs } = row;
  return `A ${life} ${p} ${g} ${prev} ${next} ${n} ${base} ${tm} ${appliedAtUs}\n`;
}

/** Reads one line without its end of line; undefined when it has no valid form. */
export function parseAppliedLogRow(line: string): AppliedLogRow | undefined {
  const f = line.split(" ");
  const numbers = (from: number, to: number) => f.slice(from, to).every((text) => /^\d{1,16}$/.test(text));
  if (f[0] === "Q" && f.length === 5 && numbers(2, 5)) {
    return { kind: "acquire", life: f[1] as string, p: Number(f[2]), g: Number(f[3]), offset: Number(f[4]) };
  }
  if (f[0] === "A" && f.length === 10 && numbers(2, 8) && numbers(9, 10)) {
    return {
      kind: "apply",
      life: f[1] as string,
      p: Number(f[2]),
      g: Number(f[3]),
      prev: Number(f[4]),
      next: Number(f[5]),
      n: Number(f[6]),
      base: Number(f[7]),
      tm: f[8] as string,
      appliedAtUs: Number(f[9]),
    };
  }
  return undefined;
}
