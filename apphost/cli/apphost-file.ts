/** Loads a user's files (`--apphost`, `--expect`), and says of one that cannot be used what is wrong with it, and where. */
import { createError } from "../../simulator/common/foundation/errors.ts";
import type { ExpectationReading } from "../apphost-reader/expectation.ts";
import type { AppHostReading } from "../apphost-reader/main.ts";
import type { DeclaredApplication } from "../model/builder.ts";
import { readUserFile } from "./user-file.ts";

/** A file that asks something of a slow network first has this long; a declaration itself takes no time. */
const READ_MS_MAX = 20_000;

/** The application that the file declares, not yet checked. */
export async function loadAppHostFile(file: string, deadlineMs = READ_MS_MAX): Promise<DeclaredApplication> {
  const what = `${file} to declare its application`;
  const reading = await readUserFile<AppHostReading>("apphost/apphost-reader/main", { file, what, deadlineMs });
  if (reading.kind === "refused") throw createError("APPHOST_NOT_LOADED", { file, reason: reading.reason });
  return reading.application;
}

/** Throws EXPECTATION_NOT_LOADED. The validator loads it anew: a function is no data. */
export async function checkExpectationFile(file: string, deadlineMs = READ_MS_MAX): Promise<void> {
  const what = `${file} to say what it expects`;
  const reading = await readUserFile<ExpectationReading>("apphost/apphost-reader/expectation", {
    file,
    what,
    deadlineMs,
  });
  if (reading.kind === "refused") throw createError("EXPECTATION_NOT_LOADED", { file, reason: reading.reason });
}
