/** All keys, and what the command palette knows. Pure. */
import { type Row, takeRows, titleRow } from "../rows.ts";
import { BINDINGS, type Binding, labelKey, type Place } from "../state/bindings.ts";
import { COMMANDS, listCompletions } from "../state/commands.ts";
import type { ViewProps } from "./view-props.ts";

const KEY_COLUMNS = 18;

const SECTIONS: readonly { readonly title: string; readonly has: (places: readonly Place[] | null) => boolean }[] = [
  { title: "EVERYWHERE", has: (places) => places === null },
  {
    title: "RESOURCES",
    has: (places) => places?.includes("detail") === true || places?.includes("resources") === true,
  },
  { title: "LOGS", has: (places) => places?.length === 1 && places[0] === "logs" },
];

export function drawHelp({ columns, rows, glyphs }: ViewProps, top: number): readonly Row[] {
  const lines = [
    ...SECTIONS.flatMap(({ title, has }) => [
      titleRow(title, "", columns, glyphs),
      ...BINDINGS.filter(({ places }) => has(places)).map(drawBinding),
    ]),
    titleRow("COMMANDS", "after :", columns, glyphs),
    ...COMMANDS.map(({ usage, help }): Row => [{ text: `  ${usage.padEnd(36)}` }, { text: help, dim: true }]),
  ];
  const from = Math.min(top, Math.max(0, lines.length - rows));
  return takeRows(lines.slice(from, from + rows), rows);
}

const drawBinding = ({ keys, help }: Binding): Row => [
  { text: `  ${keys.map(labelKey).join(" ").padEnd(KEY_COLUMNS)}`, bold: true },
  { text: help },
];

/** What the typed text may become, above the line in which it is typed. */
export function drawCompletions({ snapshot }: ViewProps, text: string, at: number, rowsMax: number): readonly Row[] {
  const all = listCompletions(text, snapshot);
  const from = Math.max(0, Math.min(at - 1, all.length - rowsMax));
  return all.slice(from, from + rowsMax).map((one, index): Row => {
    const isChosen = at > 0 && from + index === at - 1;
    return [
      { text: `${isChosen ? ">" : " "} ${one.text.padEnd(30)}`, bold: isChosen, inverse: isChosen },
      { text: ` ${one.help}`, dim: true },
    ];
  });
}
