/** Rows on a terminal: what draws them, and what is pressed. */
import { Box, Text, useInput, usePaste, useWindowSize } from "ink";
import type { Row } from "./rows.ts";
import { nameKeys } from "./state/bindings.ts";
import type { Theme } from "./theme.ts";

export interface ScreenProps {
  readonly draw: (size: { readonly columns: number; readonly rows: number }) => readonly Row[];
  readonly theme: Theme;
  readonly onKey: (key: string) => void;
  readonly onPaste: (text: string) => void;
}

export function Screen({ draw, theme, onKey, onPaste }: ScreenProps) {
  const { columns, rows } = useWindowSize();
  useInput((input, key) => {
    for (const name of nameKeys(input, key)) onKey(name);
  });
  usePaste(onPaste);
  return (
    <Box flexDirection="column" width={columns} height={rows} overflow="hidden">
      {draw({ columns, rows }).map((row, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place on the screen.
        <ScreenRow key={index} row={row} theme={theme} />
      ))}
    </Box>
  );
}

/** Cut at the edge and never wrapped: a wrapped line would push the frame over the viewport. */
function ScreenRow({ row, theme }: { readonly row: Row; readonly theme: Theme }) {
  // A row without any text has no height.
  if (row.every(({ text }) => text === "")) return <Text> </Text>;
  return (
    <Text wrap="truncate-end">
      {row.map(({ text, color, bold, dim, inverse }, index) => {
        const painted = theme(color);
        return (
          <Text
            // biome-ignore lint/suspicious/noArrayIndexKey: a segment is its place in the row.
            key={index}
            bold={bold === true}
            dimColor={dim === true}
            inverse={inverse === true}
            {...(painted === undefined ? {} : { color: painted })}
          >
            {text}
          </Text>
        );
      })}
    </Text>
  );
}
