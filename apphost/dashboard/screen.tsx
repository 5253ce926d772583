/**
 * The terminal as Ink has it for the dashboard: its size, what is pressed, and the alternate screen. What stands on it is
 * the painter's (`painter.ts`); only a screen reader is told the rows by Ink, as text.
 */
import { Box, Text, useInput, usePaste, useWindowSize } from "ink";
import { useEffect } from "react";
import type { Row } from "./rows.ts";
import { nameKeys } from "./state/bindings.ts";

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface ScreenProps {
  /** At first, and whenever it is another. */
  readonly onSize: (size: Size) => void;
  readonly onKey: (key: string) => void;
  readonly onPaste: (text: string) => void;
  /** For a screen reader. */
  readonly spoken: readonly Row[];
}

export function Screen({ onSize, onKey, onPaste, spoken }: ScreenProps) {
  const { columns, rows } = useWindowSize();
  useInput((input, key) => {
    for (const name of nameKeys(input, key)) onKey(name);
  });
  usePaste(onPaste);
  useEffect(() => onSize({ columns, rows }), [onSize, columns, rows]);
  return (
    <Box flexDirection="column">
      {spoken.map((row, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place on the screen.
        <Text key={index}>{row.map(({ text }) => text).join("")}</Text>
      ))}
    </Box>
  );
}
