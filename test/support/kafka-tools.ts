/**
 * Kafka's own command-line tools, all in one JVM (`java/RunTools.java`): starting one for each would be most of what they cost.
 *
 *   started → running a tool, one at a time → ended
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { withDeadline } from "../../simulator/common/foundation/deadline.ts";

const RUN_TOOLS = fileURLToPath(new URL("java/RunTools.java", import.meta.url));
const TOOL_MS_MAX = 60_000;

/** Of a JVM with Kafka's jars that lives for seconds: it has no use for the compiler that optimizes, nor for threads that collect. */
export function briefJvmArguments(): string[] {
  const classPath = join(process.env["KAFKA_HOME"] ?? "", "libs", "*");
  return ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", classPath];
}

export class KafkaTools {
  readonly #java: ChildProcess;
  readonly #reader: Interface;
  readonly #lines: AsyncIterator<string>;
  /** The one before. */
  #last: Promise<unknown> = Promise.resolve();

  constructor() {
    const java = spawn("java", [...briefJvmArguments(), RUN_TOOLS], { stdio: ["pipe", "pipe", "ignore"] });
    this.#java = java;
    this.#reader = createInterface({ input: java.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /** What the tool writes, on both of its outputs; it must end with 0. `tool` is its class below `org.apache.kafka.tools`. */
  run(tool: string, ...args: readonly string[]): Promise<string> {
    const name = tool.startsWith("kafka.") ? tool : `org.apache.kafka.tools.${tool}`;
    const output = this.#last.then(() => this.#runNow(name, args));
    this.#last = output.catch(() => undefined);
    return output;
  }

  async #runNow(name: string, args: readonly string[]): Promise<string> {
    this.#java.stdin?.write(`${[name, ...args].join("\t")}\n`);
    const { code, text } = await withDeadline(this.#readToEnd(), { what: name, deadlineMs: TOOL_MS_MAX });
    expect(code, text).toBe("exit 0");
    return text;
  }

  async #readToEnd(): Promise<{ readonly code: string; readonly text: string }> {
    const output: string[] = [];
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done === true) throw new Error(`java ended: ${output.join("\n")}`);
      if (value.startsWith("exit ")) return { code: value, text: output.join("\n") };
      output.push(value);
    }
  }

  async end(): Promise<void> {
    const exited: Promise<unknown> = this.#java.exitCode === null ? once(this.#java, "exit") : Promise.resolve();
    this.#java.stdin?.end();
    await withDeadline(exited, { what: "java ends", deadlineMs: TOOL_MS_MAX });
    this.#reader.close();
  }
}
