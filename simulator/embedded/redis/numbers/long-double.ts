/**
 * INCRBYFLOAT adds in the 80-bit numbers of x86 (a mantissa of 64 bits) and prints 17 decimals, so 0.1 + 0.2 is 0.3
 * there. The same is done here in whole numbers: a value is mantissa × 2^exponent, rounded to 64 bits, half to even.
 */
import { CommandError } from "../command-error.ts";

interface LongDouble {
  readonly mantissa: bigint;
  readonly exponent: number;
}

const MANTISSA_BITS = 64;
const DECIMALS = 17;
/** Beyond this the numbers of INCRBYFLOAT are a mistake, and their arithmetic here would cost unbounded time. */
const EXPONENT_MAX = 4_900;
const TEXT_BYTES_MAX = 5_000;
const DECIMAL = /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d{1,5}))?$/i;

/** The sum as INCRBYFLOAT stores it. Throws CommandError when one of them is no number, or the sum too large. */
export function addLongDoubles(a: string, b: string, invalid: string): string {
  const sum = add(parse(a, invalid), parse(b, invalid));
  return format(sum);
}

function parse(text: string, invalid: string): LongDouble {
  const [, sign = "", whole = "", fraction = "", exponentText = "0"] = DECIMAL.exec(text) ?? [];
  if (text.length > TEXT_BYTES_MAX || whole + fraction === "") throw new CommandError(`ERR ${invalid}`);
  const exponent = Number(exponentText) - fraction.length;
  if (Math.abs(Number(exponentText)) > EXPONENT_MAX) throw new CommandError(`ERR ${invalid}`);
  const digits = BigInt(whole + fraction) * (sign === "-" ? -1n : 1n);
  if (exponent >= 0) return round({ mantissa: digits * 10n ** BigInt(exponent), exponent: 0 });
  // Enough further bits that the rounding below sees whether anything is left of the division.
  const divisor = 10n ** BigInt(-exponent);
  const shift = BigInt(MANTISSA_BITS + 2 + divisor.toString(2).length);
  const quotient = (digits << shift) / divisor;
  const exact = quotient * divisor === digits << shift;
  const sticky = exact ? 0n : digits < 0n ? -1n : 1n;
  return round({ mantissa: quotient * 2n + sticky, exponent: -Number(shift) - 1 });
}

function round({ mantissa, exponent }: LongDouble): LongDouble {
  const negative = mantissa < 0n;
  const magnitude = negative ? -mantissa : mantissa;
  const excess = magnitude.toString(2).length - MANTISSA_BITS;
  if (excess <= 0) return { mantissa, exponent };
  const unit = 1n << BigInt(excess);
  const rest = magnitude % unit;
  let kept = magnitude / unit;
  if (rest * 2n > unit || (rest * 2n === unit && kept % 2n === 1n)) kept += 1n;
  return { mantissa: negative ? -kept : kept, exponent: exponent + excess };
}

function add(a: LongDouble, b: LongDouble): LongDouble {
  const exponent = Math.min(a.exponent, b.exponent);
  const align = (value: LongDouble) => value.mantissa << BigInt(value.exponent - exponent);
  return round({ mantissa: align(a) + align(b), exponent });
}

function format({ mantissa, exponent }: LongDouble): string {
  const negative = mantissa < 0n;
  const scaled = (negative ? -mantissa : mantissa) * 10n ** BigInt(DECIMALS);
  const digits = exponent >= 0 ? scaled << BigInt(exponent) : divideToEven(scaled, 1n << BigInt(-exponent));
  const text = digits.toString().padStart(DECIMALS + 1, "0");
  const fraction = text.slice(-DECIMALS).replace(/0+$/, "");
  const shown = `${text.slice(0, -DECIMALS)}${fraction === "" ? "" : `.${fraction}`}`;
  return negative && shown !== "0" ? `-${shown}` : shown;
}

function divideToEven(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  const rest = (value % divisor) * 2n;
  return rest > divisor || (rest === divisor && quotient % 2n === 1n) ? quotient + 1n : quotient;
}
