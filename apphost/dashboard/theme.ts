/** How the meaning of a colour looks, on a dark and on a light terminal, or without colours. */
import type { ThemeName } from "../options.ts";
import type { Glyphs } from "./charts/segment.ts";

/** Undefined: in the terminal's own colour. */
export type Theme = (color: string | undefined) => string | undefined;

const MEANINGS: Readonly<Record<ThemeName, Readonly<Record<string, string>>>> = {
  dark: { good: "green", warn: "yellow", bad: "redBright", accent: "cyan", muted: "gray" },
  // Yellow and cyan on white cannot be read.
  light: {
    good: "#0a6b2d",
    warn: "#8a5a00",
    bad: "#b3001b",
    accent: "blue",
    muted: "#666666",
    yellow: "#8a5a00",
    cyan: "#00687a",
    cyanBright: "#00687a",
    greenBright: "#0a6b2d",
    magentaBright: "magenta",
  },
};

export function createTheme(name: ThemeName, colors: boolean): Theme {
  if (!colors) return () => undefined;
  const meanings = MEANINGS[name];
  return (color) => (color === undefined ? undefined : (meanings[color] ?? color));
}

type Variables = Readonly<Record<string, string | undefined>>;

/** https://no-color.org: any value but an empty one. */
export const hasColors = (env: Variables): boolean => (env["NO_COLOR"] ?? "") === "";

/** The locale's character set, by the variables in the order in which the C library reads them. */
export function findGlyphs(env: Variables): Glyphs {
  if (env["TERM"] === "linux") return "ascii";
  const locale = [env["LC_ALL"], env["LC_CTYPE"], env["LANG"]].find((value) => value !== undefined && value !== "");
  return /utf-?8/i.test(locale ?? "") ? "unicode" : "ascii";
}
