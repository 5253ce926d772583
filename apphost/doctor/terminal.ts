/** The terminal, and what `up` would show in it. */
import { resolveUiMode } from "../dashboard/ui-mode.ts";
import type { Variables } from "../options.ts";
import { type CheckPlan, type Finding, ok, warning } from "./check.ts";

const COLUMNS_COMFORTABLE = 80;
const ROWS_COMFORTABLE = 24;

export interface TerminalFacts {
  readonly isInputTerminal: boolean;
  readonly isOutputTerminal: boolean;
  readonly columns: number | undefined;
  readonly rows: number | undefined;
}

export function planTerminalCheck(terminal: TerminalFacts, env: Variables): CheckPlan {
  return {
    id: "terminal",
    title: "Terminal",
    neededFor: "the dashboard",
    isAskedInfrastructure: false,
    examine: async () => judgeTerminal(terminal, env),
  };
}

export function judgeTerminal(terminal: TerminalFacts, env: Variables): Finding {
  const { isInputTerminal, isOutputTerminal, columns, rows } = terminal;
  const settings = ["TERM", "NO_COLOR", "CI"].filter((name) => (env[name] ?? "") !== "");
  const variables = settings.map((name) => `${name}=${env[name]}`).join(" ");
  const streams = [isInputTerminal ? [] : ["input"], isOutputTerminal ? [] : ["output"]].flat();
  const size = columns === undefined || rows === undefined ? "" : `${columns}x${rows}`;
  const found = [streams.length === 0 ? size : `${streams.join(" and ")} no terminal`, variables]
    .filter((part) => part !== "")
    .join(", ");
  const [stdin, stdout] = [{ isTTY: isInputTerminal }, { isTTY: isOutputTerminal }];
  const mode = resolveUiMode({ ui: "auto", stdin, stdout, env });
  if (mode !== "tui") return ok(found, "up prints plain lines here, and no dashboard");
  if (columns !== undefined && rows !== undefined && (columns < COLUMNS_COMFORTABLE || rows < ROWS_COMFORTABLE)) {
    const fix = `make it ${COLUMNS_COMFORTABLE}x${ROWS_COMFORTABLE} or larger, or use --ui plain`;
    return warning(found, "the dashboard leaves parts out", fix);
  }
  return ok(found);
}
