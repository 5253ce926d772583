/**
 * A page as a file, and how it is shown.
 *
 * H2 Only what is a file, or is not there, is replaced: a device or a pipe of that name would be replaced by a file.
 * H3 The page's path is printed in place of a text; the document (`--format json`) is printed wherever it is asked for, and
 *    the path then stands beside it.
 */

import { createError } from "../../simulator/common/foundation/errors.ts";
import { writeText } from "../../simulator/common/foundation/json-file.ts";
import { lookAt } from "../files/own-files.ts";
import type { ReportOptions } from "./report-options.ts";
import type { Terminal } from "./terminal.ts";

/** H2. */
export function requirePagePath(path: string): void {
  const stats = lookAt(path);
  if (stats === undefined || stats.isFile()) return;
  const reason = stats.isSymbolicLink() ? "it is a symbolic link" : "it is not a file";
  throw createError("OUTPUT_REFUSED", { path, reason });
}

export async function writePage(path: string, page: string): Promise<void> {
  requirePagePath(path);
  try {
    await writeText(path, page, { durable: false });
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw createError("OUTPUT_REFUSED", { path, reason: `the system says ${reason}` }, error);
  }
}

/** For people, beside what was printed (H3). */
export async function tellPage(
  path: string,
  { format, open }: Pick<ReportOptions, "format" | "open">,
  terminal: Terminal,
): Promise<void> {
  if (format === "json") terminal.note(`the page is ${path}`);
  if (!open) return;
  const { openPage } = await import("./opener.ts");
  const opening = await openPage(path, process.env);
  if (opening.kind === "opened") terminal.note(`opened by ${opening.by}`);
  else terminal.note(`open ${path} in a browser: no program here does it (${opening.tried.join(", ")})`);
}
