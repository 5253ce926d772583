/** `env`: the variables that dependents get. The one place that shows the Redis password. The formats are pure. */
import { unreachable } from "../../simulator/common/foundation/assert.ts";
import { quoteForDotenv, quoteForShell } from "../../simulator/common/foundation/foreign-syntax.ts";
import { askRunningHost, type HostChoice, requireRunningHost } from "../control/running-host.ts";
import { noteLongWait, type Terminal } from "./terminal.ts";

export type EnvFormat = "export" | "dotenv" | "json";

export async function runEnv(choice: HostChoice, format: EnvFormat, terminal: Terminal): Promise<number> {
  const host = requireRunningHost(choice);
  const answer = await askRunningHost(
    host,
    { request: "env" },
    { signal: terminal.ended, tell: noteLongWait(terminal) },
  );
  for (const line of formatVariables(answer as Record<string, string>, format)) await terminal.write(line);
  return 0;
}

export function formatVariables(variables: Readonly<Record<string, string>>, format: EnvFormat): string[] {
  // What is no name of a variable would be read as something else: by a shell, as a command.
  const named = (pattern: RegExp) => Object.entries(variables).filter(([name]) => pattern.test(name));
  switch (format) {
    case "export":
      return named(/^[A-Za-z_]\w*$/).map(([name, value]) => `export ${name}=${quoteForShell(value)}`);
    case "dotenv":
      return named(/^[A-Za-z_][\w.-]*$/).map(([name, value]) => `${name}=${quoteForDotenv(value)}`);
    case "json":
      return [JSON.stringify(variables)];
    default:
      return unreachable(format);
  }
}
