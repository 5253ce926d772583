/** A real browser without a window, as the machine has it: Chromium under one of its names, or Chrome. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

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

/** Why there is none, or null. */
export function browserMissing(): string | null {
  if (findBrowser() !== undefined) return null;
  const reason = `no browser is on PATH (${NAMES.join(", ")})`;
  if (process.env["REQUIRE_REAL"] === "1") throw new Error(`${reason}, and REQUIRE_REAL=1 asks for it`);
  return reason;
}
