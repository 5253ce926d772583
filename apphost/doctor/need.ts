/** Which modes a run with these options may use, and which were asked for. Pure. */
import type { InfrastructureMode, ServerKind } from "../drivers/driver.ts";
import type { HostOptions, InfraChoice } from "../options.ts";
import { type Finding, failed, ok, warning } from "./check.ts";

/** `asked`: without it the run fails. `optional`: `auto` uses it where it is there. */
export type Need = "asked" | "optional" | "none";

type Asked = Pick<HostOptions, "infra" | "kafka" | "redis">;

export function needOf(kind: ServerKind, mode: InfraChoice & InfrastructureMode, options: Asked): Need {
  if (options[kind] !== null) return "none";
  if (options.infra === mode) return "asked";
  return options.infra === "auto" ? "optional" : "none";
}

/** What is not there is a fault only where it was asked for. */
export function judgeMissing(need: Need, what: { found: string; reason: string; fix: string }): Finding {
  const { found, reason, fix } = what;
  switch (need) {
    case "asked":
      return failed(found, reason, fix);
    case "optional":
      return warning(found, `${reason === "" ? "" : `${reason}; `}auto does without`, fix);
    case "none":
      return ok(found, "not needed with these options");
  }
}
