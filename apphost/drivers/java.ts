/** The Java of this machine: which one it is, and how programs of others are run by it. */
import { execa } from "execa";
import { findJava } from "../../simulator/common/foundation/program.ts";

export const JAVA_MAJOR_MIN = 17;
const JAVA_ANSWER_MS_MAX = 10_000;

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Of a person's shell. Java adds them to the command line, the second one even after it, and a server of a run would be
 * another one on each machine.
 */
const JAVA_OPTION_VARIABLES = ["JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS"];

/** Without it Java takes the names of files for ASCII, and then cannot even start in a folder with an umlaut. */
const JAVA_LOCALE = { LC_ALL: "C.UTF-8" };

/** Of a Java server: what is given, without a person's options. */
export const javaEnvironment = (env: Readonly<Record<string, string>>): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(env).filter(([name]) => !JAVA_OPTION_VARIABLES.includes(name))),
  ...JAVA_LOCALE,
});

/** Why `program` cannot be run by the Java here; undefined when it can. */
export async function findJavaObstacle(program: string, env: Variables): Promise<string | undefined> {
  const java = findJava(env);
  if (java === undefined) return "there is no java on PATH, and none in JAVA_HOME";
  const major = await readJavaMajor(java);
  if (major === undefined) return `${java} -version gave no version`;
  if (major >= JAVA_MAJOR_MIN) return undefined;
  return `${java} is version ${major}, and ${program} needs ${JAVA_MAJOR_MIN} or newer`;
}

/** `openjdk version "17.0.9"`, on standard error. */
export async function readJavaMajor(java: string): Promise<number | undefined> {
  const match = /version "(\d+)/.exec(await readJavaText(java));
  return match === null ? undefined : Number(match[1]);
}

const javaTexts = new Map<string, Promise<string>>();

/** All that `java -version` prints, asked once; empty where it does not answer. */
export function readJavaText(java: string): Promise<string> {
  const known = javaTexts.get(java);
  if (known !== undefined) return known;
  const asked = execa(java, ["-version"], { reject: false, timeout: JAVA_ANSWER_MS_MAX }).then(({ stderr }) => stderr);
  javaTexts.set(java, asked);
  return asked;
}
