/** Programs of this machine: where they are, if they are there. */
import { accessSync, constants } from "node:fs";
import { delimiter, resolve } from "node:path";

type Variables = Readonly<Record<string, string | undefined>>;

/** The path of a program on PATH, the first one that may be run: whole, since it may be run in another folder. */
export function findProgram(name: string, env: Variables = process.env): string | undefined {
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => resolve(folder, name)).find(isExecutable);
}

/** JAVA_HOME's, or else the one on PATH. */
export function findJava(env: Variables = process.env): string | undefined {
  const home = env["JAVA_HOME"] ?? "";
  const inHome = resolve(home, "bin", "java");
  return home !== "" && isExecutable(inHome) ? inHome : findProgram("java", env);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there, or not ours to run: for a look-up both mean no.
    return false;
  }
}
