/**
 * The patterns of KEYS, SCAN, PSUBSCRIBE and CONFIG GET: `h?llo`, `h*llo`, `h[a-e]llo`, `h[^e]llo`, `\` escapes.
 *
 * Only the last `*` is ever tried again, so a pattern costs at most its length times the text's, whatever it is.
 */
export function compileGlob(pattern: string): (text: string) => boolean {
  if (pattern === "*") return () => true;
  const parts = parseGlob(pattern);
  return (text) => matchParts(parts, text);
}

type Part =
  | { readonly kind: "any run" }
  | { readonly kind: "any" }
  | { readonly kind: "literal"; readonly char: string }
  | { readonly kind: "class"; readonly negated: boolean; readonly ranges: readonly (readonly [string, string])[] };

function parseGlob(pattern: string): Part[] {
  const parts: Part[] = [];
  for (let i = 0; i < pattern.length; i += 1) {
    const char = pattern[i] as string;
    if (char === "*") {
      if (parts.at(-1)?.kind !== "any run") parts.push({ kind: "any run" });
    } else if (char === "?") parts.push({ kind: "any" });
    else if (char === "[") {
      const end = parseClass(pattern, i + 1, parts);
      i = end;
    } else if (char === "\\" && i + 1 < pattern.length) {
      i += 1;
      parts.push({ kind: "literal", char: pattern[i] as string });
    } else parts.push({ kind: "literal", char });
  }
  return parts;
}

/** Reads the class behind `[`; returns the position of its `]`, or of the pattern's last character without one. */
function parseClass(pattern: string, from: number, parts: Part[]): number {
  const negated = pattern[from] === "^";
  const ranges: [string, string][] = [];
  let i = negated ? from + 1 : from;
  for (; i < pattern.length && pattern[i] !== "]"; i += 1) {
    const char = pattern[i] as string;
    if (char === "\\" && i + 1 < pattern.length) {
      i += 1;
      ranges.push([pattern[i] as string, pattern[i] as string]);
    } else if (pattern[i + 1] === "-" && i + 2 < pattern.length) {
      const other = pattern[i + 2] as string;
      ranges.push(char <= other ? [char, other] : [other, char]);
      i += 2;
    } else ranges.push([char, char]);
  }
  parts.push({ kind: "class", negated, ranges });
  return Math.min(i, pattern.length - 1);
}

function matchParts(parts: readonly Part[], text: string): boolean {
  let at = 0;
  let part = 0;
  let retryPart = -1;
  let retryAt = 0;
  while (at < text.length) {
    const current = parts[part];
    if (current?.kind === "any run") {
      retryPart = part + 1;
      retryAt = at;
      part += 1;
    } else if (current !== undefined && matchesChar(current, text[at] as string)) {
      part += 1;
      at += 1;
    } else if (retryPart !== -1) {
      retryAt += 1;
      at = retryAt;
      part = retryPart;
    } else return false;
  }
  while (parts[part]?.kind === "any run") part += 1;
  return part === parts.length;
}

function matchesChar(part: Exclude<Part, { kind: "any run" }>, char: string): boolean {
  switch (part.kind) {
    case "any":
      return true;
    case "literal":
      return part.char === char;
    case "class":
      return part.ranges.some(([low, high]) => low <= char && char <= high) !== part.negated;
  }
}
