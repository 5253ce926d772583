import { Chalk } from "chalk";
import { describe, expect, it } from "vitest";
import { type ColorLevel, createTheme, findColorLevel } from "../../../../apphost/dashboard/theme.ts";
import { colorOf } from "../../../../apphost/logs/log-lines.ts";
import { contrastOnWhite, listForegrounds } from "../../../support/sgr-colors.ts";

const MEANINGS = ["good", "warn", "bad", "accent", "muted"];
/** What the logs of children bring, and the names in front of their lines. */
const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white", "gray"];
const BRIGHT = NAMES.slice(1, -1).map((name) => `${name}Bright`);
const RESOURCES = Array.from({ length: 20 }, (_, index) => colorOf(`taskmanager-${index}`));

function codeOf(level: ColorLevel, color: string | undefined): readonly string[] {
  if (color === undefined) return [];
  const chalk = new Chalk({ level });
  const number = /^ansi256\((\d+)\)$/.exec(color)?.[1];
  const paint = number === undefined ? chalk[color as "red"] : chalk.ansi256(Number(number));
  return listForegrounds(paint("x"));
}

describe("the light theme", () => {
  it.each([1, 2, 3] as const)("can be read on white in every colour that it makes of %i", (level) => {
    const theme = createTheme("light", level);
    for (const name of [...MEANINGS, ...NAMES, ...BRIGHT, ...RESOURCES]) {
      // Magenta of 16 colours is what the terminal makes of it; xterm's is a little short.
      for (const code of codeOf(level, theme(name))) {
        expect(contrastOnWhite(code), `${name} as ${code}`).toBeGreaterThan(level === 1 ? 4 : 4.5);
      }
    }
  });

  it.each([1, 2, 3] as const)(
    "tells good, warning and bad apart, and has other colours than the dark one, at %i",
    (level) => {
      const [light, dark] = [createTheme("light", level), createTheme("dark", level)];
      const codes = ["good", "warn", "bad"].map((name) => codeOf(level, light(name)).join());
      expect(new Set(codes).size).toBe(3);
      for (const name of MEANINGS) expect(light(name)).not.toBe(dark(name));
    },
  );

  it("leaves exact colours of a child as they are, and has none without colours", () => {
    expect(createTheme("light", 3)("ansi256(200)")).toBe("ansi256(200)");
    expect(createTheme("light", findColorLevel({ NO_COLOR: "1" }))("bad")).toBeUndefined();
  });
});
