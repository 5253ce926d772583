/** One line of the screen, cut at the edge and never wrapped: a wrapped line would push the frame over the viewport. */
import { Text } from "ink";

export interface Palette {
  readonly good: string | undefined;
  readonly warn: string | undefined;
  readonly bad: string | undefined;
  readonly accent: string | undefined;
}

/** Colour only underlines what the words already say; NO_COLOR takes it away. */
export const createPalette = (colors: boolean): Palette =>
  colors
    ? { good: "green", warn: "yellow", bad: "red", accent: "cyan" }
    : { good: undefined, warn: undefined, bad: undefined, accent: undefined };

export interface Cell {
  readonly text: string;
  readonly color?: string | undefined;
  readonly bold?: boolean;
  readonly dim?: boolean;
}

export function Row({ cells }: { readonly cells: readonly Cell[] }) {
  return (
    <Text wrap="truncate-end">
      {cells.map((cell, index) => (
        <Text
          // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its place in the line.
          key={index}
          bold={cell.bold === true}
          dimColor={cell.dim === true}
          {...(cell.color === undefined ? {} : { color: cell.color })}
        >
          {cell.text}
        </Text>
      ))}
    </Text>
  );
}

/** `── NAME ─ detail ─────────`, as wide as the screen. */
export function Title({ name, detail, columns }: { name: string; detail: string; columns: number }) {
  const start = `── ${name}${detail === "" ? "" : ` ─ ${detail}`} `;
  return <Row cells={[{ text: start + "─".repeat(Math.max(0, columns - start.length)), dim: true }]} />;
}
