/** The lines that MONITOR sends: when, who, and the command with its arguments quoted. */
import type { Client } from "./client.ts";

/** `address` is `lua` of what a script calls. */
export function formatMonitorLine(
  nowMs: number,
  from: Pick<Client, "database" | "address">,
  request: readonly string[],
): string {
  const seconds = Math.floor(nowMs / 1_000);
  const micros = Math.floor((nowMs % 1_000) * 1_000);
  const time = `${seconds}.${String(micros).padStart(6, "0")}`;
  return `${time} [${from.database} ${from.address}] ${request.map(quote).join(" ")}`;
}

const NAMED: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  '"': '\\"',
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\u0007": "\\a",
  "\b": "\\b",
};

/** Printable ASCII as it is, all else as `\xhh`: the line stays one line. */
function quote(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to be replaced.
  const escaped = text.replace(/[\x00-\x1f\x7f-\xff"\\]/g, (char) => {
    return NAMED[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return `"${escaped}"`;
}
