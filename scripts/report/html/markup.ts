/**
 * Markup that cannot be broken by what is put into it: everything between the tags is escaped, unless it is markup that
 * was made here. Topic names, reasons and payloads are whatever somebody wrote. Pure.
 */

export class Html {
  readonly text: string;

  /** Only for what is known to be markup; `html` is for everything else. */
  constructor(text: string) {
    this.text = text;
  }
}

export type Content = Html | string | number | readonly Content[];

/** html`<td>${anything}</td>` */
export const html = (parts: TemplateStringsArray, ...contents: readonly Content[]): Html =>
  new Html(parts.map((part, index) => part + toMarkup(contents[index] ?? "")).join(""));

function toMarkup(content: Content): string {
  if (content instanceof Html) return content.text;
  if (Array.isArray(content)) return content.map(toMarkup).join("");
  // What was read from a file may be of another type than it should.
  return escapeText(String(content));
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
/** Controls, and marks that turn the direction of what is read: a name with them would look like another. */
const INVISIBLE = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** Good in texts and in quoted attributes. What cannot be seen is shown by its number. */
export const escapeText = (text: string): string =>
  text
    .replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign)
    .replace(INVISIBLE, (sign) =>
      sign === "\n" || sign === "\t" ? sign : `\\u{${(sign.codePointAt(0) ?? 0).toString(16)}}`,
    );
