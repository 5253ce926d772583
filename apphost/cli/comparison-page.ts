/** Makes the page of a comparison. As with a run's page, only this loads what draws charts, and only when it is asked for. */
import { resolve } from "node:path";
import { type ComparisonPage, renderComparisonPage } from "../../scripts/report/html/comparison-page.ts";
import { writePage } from "./page-file.ts";

/** Returns the path of the page. */
export async function writeComparisonPage(file: string, comparison: ComparisonPage): Promise<string> {
  const path = resolve(file);
  await writePage(path, renderComparisonPage(comparison));
  return path;
}
