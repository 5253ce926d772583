/** A real browser without a window, as the machine has it: Chromium under one of its names, or Chrome. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import axe, { type AxeResults, type RunOptions } from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { expect } from "vitest";
import { present } from "../../simulator/common/foundation/assert.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Where it is; undefined: nowhere on PATH. */
export function findBrowser(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there, or not for us: the next name is tried.
    return false;
  }
}

export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: present(findBrowser(), "a browser") });

/** Opens a page, and fails when it asks for anything but itself or has anything to say. */
export async function visitPage(
  browser: Browser,
  path: string,
  colorScheme: "light" | "dark",
  work: (visited: Page) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({ colorScheme, viewport: { width: 1_200, height: 900 } });
  try {
    const visited = await context.newPage();
    const told: string[] = [];
    visited.on("console", (message) => told.push(message.text()));
    visited.on("pageerror", (error) => told.push(error.message));
    visited.on("dialog", (dialog) => told.push(`a dialog: ${dialog.message()}`));
    visited.on("request", (request) => told.push(request.url()));
    const url = pathToFileURL(path).href;
    await visited.goto(url);
    await work(visited);
    expect(told).toEqual([url]);
  } finally {
    await context.close();
  }
}

/** Of a page that is so narrow that charts and tables scroll, and with all tables unfolded. Null: all rules. */
export async function expectAccessible(visited: Page, rules: readonly string[] | null): Promise<void> {
  await visited.setViewportSize({ width: 600, height: 900 });
  await visited.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
  // By the debugger, which no policy of a page binds.
  await visited.evaluate(axe.source);
  const options: RunOptions = rules === null ? {} : { runOnly: [...rules] };
  const { violations, passes } = (await visited.evaluate(`axe.run(${JSON.stringify(options)})`)) as AxeResults;
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(serious.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
  const looked = ["color-contrast", "svg-img-alt", "landmark-one-main", "scrollable-region-focusable"];
  expect(passes.map(({ id }) => id)).toEqual(expect.arrayContaining([...(rules ?? looked)]));
}

/** Why there is none, or null. */
export function browserMissing(): string | null {
  if (findBrowser() !== undefined) return null;
  const reason = `no browser is on PATH (${NAMES.join(", ")})`;
  if (process.env["REQUIRE_REAL"] === "1") throw new Error(`${reason}, and REQUIRE_REAL=1 asks for it`);
  return reason;
}
