/**
 * The syntax of Java's .properties files, as `java.util.Properties.load` reads them. Pure.
 *
 *   a line      ends with \n, \r or \r\n; one that ends with an odd number of backslashes goes on in the next, whose
 *               blanks at the beginning do not count
 *   a comment   begins with # or !, and never goes on
 *   key value   separated by the first =, : or blank that has no backslash before it; blanks around it do not count
 *   escapes     \t \n \r \f and \uXXXX; of any other sign the backslash is dropped
 *
 * Of a key that is given twice the last value counts. Bytes are Latin-1, as for Java; other signs are written as \uXXXX.
 */

export type PropertiesReading =
  | { readonly kind: "read"; readonly values: ReadonlyMap<string, string> }
  | { readonly kind: "refused"; readonly reason: string };

export function parseProperties(text: string): PropertiesReading {
  const values = new Map<string, string>();
  for (const line of joinLines(text)) {
    const { key, value } = splitLine(line);
    const [plainKey, plainValue] = [resolveEscapes(key), resolveEscapes(value)];
    if (plainKey === undefined || plainValue === undefined) {
      // Not the line itself, which may hold a password.
      return { kind: "refused", reason: `${plainKey ?? "a key"} has a \\u that four hex digits do not follow` };
    }
    values.set(plainKey, plainValue);
  }
  return { kind: "read", values };
}

/** Without comments and empty lines; those that go on are one. */
function joinLines(text: string): string[] {
  const joined: string[] = [];
  let begun = "";
  let goesOn = false;
  for (const natural of text.split(/\r\n|\n|\r/)) {
    const line = natural.replace(/^[ \t\f]+/, "");
    // Also after a line that was nothing but a backslash.
    const isFirst = begun === "";
    if (isFirst && (line.startsWith("#") || line.startsWith("!"))) continue;
    if (isFirst && !goesOn && line === "") continue;
    goesOn = endsOpen(line);
    begun += goesOn ? line.slice(0, -1) : line;
    if (goesOn) continue;
    if (begun !== "") joined.push(begun);
    begun = "";
  }
  if (begun !== "") joined.push(begun);
  return joined;
}

const endsOpen = (line: string): boolean => (/\\*$/.exec(line)?.[0].length ?? 0) % 2 === 1;

const SPLIT = /^((?:[^\\=: \t\f]|\\[\s\S])*)[ \t\f]*[=:]?[ \t\f]*([\s\S]*)$/;

function splitLine(line: string): { readonly key: string; readonly value: string } {
  const [, key = "", value = ""] = SPLIT.exec(line) ?? [];
  return { key, value };
}

const CONTROLS: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", f: "\f" };

/** undefined: a \u without its digits. */
function resolveEscapes(text: string): string | undefined {
  if (/(?<!\\)(?:\\\\)*\\u(?![0-9a-f]{4})/i.test(text)) return undefined;
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|([\s\S]))/g, (_, hex: string | undefined, sign: string) =>
    hex === undefined ? (CONTROLS[sign] ?? sign) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
