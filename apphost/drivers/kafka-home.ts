/** What KAFKA_HOME and the Java beside it are. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";

export const JAVA_MAJOR_MIN = 17;
const JAVA_ANSWER_MS_MAX = 10_000;

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

/** From the name of the broker's jar, `kafka_2.13-4.3.0.jar`. */
export function readKafkaVersion(home: string): string | undefined {
  try {
    const names = readdirSync(join(home, "libs")).map((name) => /^kafka_[\d.]+-(\d[\w.-]*?)\.jar$/.exec(name)?.[1]);
    return names.find((version) => version !== undefined);
  } catch {
    // No such folder: not a Kafka.
    return undefined;
  }
}
