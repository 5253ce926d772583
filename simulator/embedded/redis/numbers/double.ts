/** Doubles as Redis reads and writes them: strtod without blanks, and printf's %.17g. */
import { CommandError } from "../command-error.ts";

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,6})?$/i;
const INFINITE = /^[+-]?inf(inity)?$/i;

/** Undefined when the text is no number; NaN is none. */
export function readDouble(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (INFINITE.test(text)) return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (!DECIMAL.test(text)) return undefined;
  const value = Number(text);
  // A decimal that no double can hold is an error in Redis too.
  return Number.isFinite(value) ? value : undefined;
}

export function parseDouble(text: string | undefined): number {
  const value = readDouble(text);
  if (value === undefined) throw new CommandError("ERR value is not a valid float");
  return value;
}

/** Significant digits without trailing zeros, in exponent form below 1e-4 and from 10^significant on: %.17g. */
export function formatDouble(value: number, significant = 17): string {
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0";
  const match = /^(-?)(\d)\.(\d+)e([+-]\d+)$/.exec(value.toExponential(significant - 1));
  const [, sign = "", first = "", rest = "", exponentText = "0"] = match ?? [];
  const exponent = Number(exponentText);
  const digits = (first + rest).replace(/0+$/, "") || "0";
  if (exponent < -4 || exponent >= significant) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    const shown = String(Math.abs(exponent)).padStart(2, "0");
    return `${sign}${digits[0]}${fraction}e${exponent < 0 ? "-" : "+"}${shown}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  const fraction = digits.slice(exponent + 1);
  return fraction === "" ? `${sign}${whole}` : `${sign}${whole}.${fraction}`;
}
