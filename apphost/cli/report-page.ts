/**
 * Makes the page of a run from the files in its folder. Only this loads what draws charts, and only when somebody asks for
 * a page: the end of a run does not wait for one that nobody may open.
 *
 * H1 A file of the run that is not ours is not read, and the page says so; without events or metrics there is still one.
 */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { readPageReport, renderRunPage } from "../../scripts/report/html/run-page.ts";
import { Timeline } from "../../scripts/report/html/timeline.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { parseJson } from "../../simulator/common/foundation/json-fields.ts";
import { findFlaw } from "../files/own-files.ts";
import { LineReader } from "../logs/log-files.ts";
import { requirePagePath, writePage } from "./page-file.ts";
import { describeReproduction } from "./reproduction.ts";

/** `document`: the run's report.json. Returns the path of the page. */
export async function writeReportPage(runDir: string, document: string, file: string): Promise<string> {
  const path = resolve(file);
  requirePagePath(path);
  const parsed = parseJson(document, readPageReport);
  if (parsed.kind === "malformed") {
    throw createError("FILE_MALFORMED", { path: runFolder.report(runDir), reason: parsed.reason });
  }
  const report = parsed.value;
  const timeline = new Timeline(report.timesUs.hostStart);
  const unread = [];
  for (const source of [runFolder.events(runDir), runFolder.metrics(runDir)]) {
    const reason = await addLines(source, timeline);
    if (reason !== null) unread.push(`${basename(source)} was not read: ${reason}.`);
  }
  const page = renderRunPage({ report, timeline, command: describeReproduction(report, timeline.command), unread });
  await writePage(path, page);
  return path;
}

/** Complete lines only: the host may be writing the last one. Returns why the file was not read; null: it was. */
async function addLines(path: string, timeline: Timeline): Promise<string | null> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? "it does not exist" : `it cannot be opened (${code})`;
  }
  const lines = new LineReader(file, 0);
  try {
    const flaw = findFlaw(await file.stat(), "file");
    if (flaw !== undefined) return flaw;
    for (let line = await lines.read(); line !== undefined; line = await lines.read()) timeline.add(line);
    return null;
  } finally {
    await lines.close();
  }
}
