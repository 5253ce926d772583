/** What `ESC [ … m` says about the text after it, in chalk's names of colours. Pure. */

export interface SgrStyle {
  readonly color?: string | undefined;
  readonly bold?: boolean;
  readonly dim?: boolean;
  readonly inverse?: boolean;
}

export const startStyle: SgrStyle = {};

const COLORS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;
const NORMAL = 30;
const BRIGHT = 90;
const EXTENDED = 38;
const EXTENDED_BACKGROUND = 48;
const BY_NUMBER = 5;
const BY_PARTS = 2;

/** Backgrounds, underlines and what else there is say nothing about a log line that its text does not. */
export function updateStyle(style: SgrStyle, parameters: string): SgrStyle {
  const codes = parameters.split(/[;:]/).map(Number);
  let next = style;
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] as number;
    if (code === EXTENDED || code === EXTENDED_BACKGROUND) {
      const { color, length } = readExtended(codes.slice(at + 1));
      if (code === EXTENDED && color !== undefined) next = { ...next, color };
      at += length;
    } else {
      next = applyCode(next, code);
    }
  }
  return next;
}

function applyCode(style: SgrStyle, code: number): SgrStyle {
  switch (code) {
    case 0:
      return startStyle;
    case 1:
      return { ...style, bold: true };
    case 2:
      return { ...style, dim: true };
    case 7:
      return { ...style, inverse: true };
    case 22:
      return { ...style, bold: false, dim: false };
    case 27:
      return { ...style, inverse: false };
    case 39:
      return { ...style, color: undefined };
    default: {
      const color = COLORS[code - NORMAL] ?? brightColor(code);
      return color === undefined ? style : { ...style, color };
    }
  }
}

function brightColor(code: number): string | undefined {
  const name = COLORS[code - BRIGHT];
  return name === undefined ? undefined : `${name}Bright`;
}

/** `5;208` or `2;255;135;0`, and how many numbers that took. */
function readExtended(codes: readonly number[]): { readonly color: string | undefined; readonly length: number } {
  const isByte = (value: number | undefined) => value !== undefined && Number.isInteger(value) && value <= 255;
  const [form, first, second, third] = codes;
  if (form === BY_NUMBER) return { color: isByte(first) ? `ansi256(${first})` : undefined, length: 2 };
  if (form !== BY_PARTS) return { color: undefined, length: 1 };
  const isColor = isByte(first) && isByte(second) && isByte(third);
  return { color: isColor ? `rgb(${first}, ${second}, ${third})` : undefined, length: 4 };
}
