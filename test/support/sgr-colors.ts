/** Colours of a terminal as its escape codes name them, and how well each can be read. */

/** xterm's own, since what a person has set is known to nobody. */
const BASIC: readonly (readonly [number, number, number])[] = [
  [0, 0, 0],
  [205, 0, 0],
  [0, 205, 0],
  [205, 205, 0],
  [0, 0, 238],
  [205, 0, 205],
  [0, 205, 205],
  [229, 229, 229],
  [127, 127, 127],
  [255, 0, 0],
  [0, 255, 0],
  [255, 255, 0],
  [92, 92, 255],
  [255, 0, 255],
  [0, 255, 255],
  [255, 255, 255],
];
const CUBE = [0, 95, 135, 175, 215, 255] as const;

/** Each foreground in a text, once: `34`, `38;5;94`, `38;2;1;2;3`. */
export function listForegrounds(text: string): readonly string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is Escape that begins a code.
  const codes = [...text.matchAll(/\u001b\[([\d;]*)m/g)].map(([, code = ""]) => code);
  const found = codes.flatMap((code) => code.match(/38;5;\d+|38;2;\d+;\d+;\d+|(?<![\d;])(?:3|9)[0-7](?!\d)/g) ?? []);
  return [...new Set(found)].sort();
}

export function contrastOnWhite(code: string): number {
  const [red, green, blue] = readColor(code).map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05);
}

function readColor(code: string): readonly number[] {
  const [first = 0, form, ...parts] = code.split(";").map(Number);
  if (form === 2) return parts;
  const number = form === 5 ? (parts[0] as number) : first >= 90 ? first - 90 + 8 : first - 30;
  if (number < 16) return BASIC[number] as readonly number[];
  if (number >= 232) return Array.from({ length: 3 }, () => 8 + 10 * (number - 232));
  const place = number - 16;
  return [Math.floor(place / 36), Math.floor(place / 6) % 6, place % 6].map((at) => CUBE[at] as number);
}
