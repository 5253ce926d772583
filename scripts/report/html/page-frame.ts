/** The frame of every page that is made of runs: one file that needs nothing else, and may do nothing else. Pure. */
import { createHash } from "node:crypto";
import { type Content, Html, html } from "./markup.ts";
import { STYLE_SHEET } from "./style-sheet.ts";

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Content;
}

export interface Page {
  readonly title: string;
  /** What comes first, under the title. */
  readonly lead: Content;
  readonly sections: readonly Section[];
  readonly footer: Content;
}

/** No script, no request, no frame, no form: whatever a run's texts hold, a browser does nothing with it but show it. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(STYLE_SHEET).digest("base64")}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

export function renderPage({ title, lead, sections, footer }: Page): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${new Html(STYLE_SHEET)}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header><h1>${title}</h1></header>
<nav aria-label="Sections"><ul>${sections.map(({ id, title: name }) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav>
<main id="content" tabindex="-1">
${lead}
${sections.map(renderSection)}
</main>
<footer>${footer}</footer>
</body>
</html>
`;
  return page.text;
}

const renderSection = ({ id, title, body }: Section): Html => html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${body}
</section>
`;

export interface Table {
  readonly caption: string;
  readonly columns: readonly Column[];
  /** The first cell of each is its heading. */
  readonly rows: readonly (readonly Content[])[];
}

export interface Column {
  readonly title: string;
  readonly isNumber?: boolean;
}

/** One that is wider than the screen is scrolled by itself, by the keyboard too. */
export const renderTable = ({
  caption,
  columns,
  rows,
}: Table): Html => html`<div class="scroll" role="region" tabindex="0" aria-label="${caption}">
<table>
<caption>${caption}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col"${classOf(column)}>${column.title}</th>`)}</tr></thead>
<tbody>
${rows.map((cells) => html`<tr>${cells.map((cell, index) => renderCell(cell, index, columns[index]))}</tr>\n`)}</tbody>
</table>
</div>
`;

const renderCell = (cell: Content, index: number, column: Column | undefined): Html =>
  index === 0 ? html`<th scope="row"${classOf(column)}>${cell}</th>` : html`<td${classOf(column)}>${cell}</td>`;

const classOf = (column: Column | undefined): Html => (column?.isNumber === true ? html` class="number"` : html``);

/** Names with what is said of them. */
export const renderFacts = (facts: readonly (readonly [name: string, value: Content])[]): Html =>
  html`<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>\n`;
