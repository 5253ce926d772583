/** How the meaning of a colour looks, on a dark and on a light terminal, or without colours. */
import chalk from "chalk";
import type { ThemeName } from "../options.ts";
import type { Glyphs } from "./charts/segment.ts";

/** Undefined: in the terminal's own colour. */
export type Theme = (color: string | undefined) => string | undefined;

/** As chalk counts, which paints for Ink: none, 16, 256, or all of them. */
export type ColorLevel = 0 | 1 | 2 | 3;

type Meanings = Readonly<Record<string, string | undefined>>;

const DARK: Meanings = { good: "green", warn: "yellow", bad: "redBright", accent: "cyan", muted: "gray" };

/** Each has a contrast of 4.5 and more on white. Those of the 16 that are not here have it by themselves. */
const LIGHT: Meanings = {
  good: "ansi256(22)",
  warn: "ansi256(94)",
  bad: "ansi256(124)",
  accent: "ansi256(19)",
  muted: "ansi256(241)",
  yellow: "ansi256(94)",
  green: "ansi256(22)",
  cyan: "ansi256(24)",
  magenta: "ansi256(90)",
  gray: "ansi256(241)",
  white: undefined,
  redBright: "ansi256(124)",
  yellowBright: "ansi256(94)",
  greenBright: "ansi256(28)",
  cyanBright: "ansi256(23)",
  magentaBright: "ansi256(127)",
  blueBright: "ansi256(19)",
  whiteBright: undefined,
};

/** Of 16 colours only these can be read on white: blue, red and magenta. What means good or bad is marked besides. */
const LIGHT_OF_16: Meanings = {
  good: "blue",
  warn: "magenta",
  bad: "red",
  accent: "blue",
  muted: undefined,
  yellow: "magenta",
  green: "blue",
  cyan: "blue",
  gray: undefined,
  white: undefined,
  redBright: "red",
  yellowBright: "magenta",
  greenBright: "blue",
  cyanBright: "blue",
  magentaBright: "magenta",
  blueBright: "blue",
  whiteBright: undefined,
};

export function createTheme(name: ThemeName, level: ColorLevel): Theme {
  if (level === 0) return () => undefined;
  const meanings = name === "dark" ? DARK : level === 1 ? LIGHT_OF_16 : LIGHT;
  return (color) => (color !== undefined && Object.hasOwn(meanings, color) ? meanings[color] : color);
}

type Variables = Readonly<Record<string, string | undefined>>;

/** https://no-color.org: any value but an empty one. */
export const hasColors = (env: Variables): boolean => (env["NO_COLOR"] ?? "") === "";

export const findColorLevel = (env: Variables): ColorLevel => (hasColors(env) ? chalk.level : 0);

/** The locale's character set, by the variables in the order in which the C library reads them. */
export function findGlyphs(env: Variables): Glyphs {
  if (env["TERM"] === "linux") return "ascii";
  const locale = [env["LC_ALL"], env["LC_CTYPE"], env["LANG"]].find((value) => value !== undefined && value !== "");
  return /utf-?8/i.test(locale ?? "") ? "unicode" : "ascii";
}
