/**
 * A child process writes its log to stderr, one line an entry; the host appends it to `logs/<resource>.log` with time
 * stamps kept as written. Stdout stays free.
 */
import { describeError } from "./errors.ts";

export type LogLevel = "info" | "warn" | "error";

export interface Log {
  info(text: string): void;
  warn(text: string, error?: unknown): void;
  error(text: string, error?: unknown): void;
}

export function createLog(write: (line: string) => void = (line) => process.stderr.write(line)): Log {
  const emit = (level: LogLevel, text: string, error?: unknown) => {
    const tail = error === undefined ? "" : `: ${describeError(error)}`;
    write(`${new Date().toISOString()} ${level.padEnd(5)} ${text}${tail}\n`);
  };
  return {
    info: (text) => emit("info", text),
    warn: (text, error) => emit("warn", text, error),
    error: (text, error) => emit("error", text, error),
  };
}
