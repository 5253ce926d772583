/** Variables of the environment that would surprise: values of another form, misspelt names, and names that are not read. Pure. */
import { ENV } from "../../simulator/common/contract/child/environment.ts";
import { describeError } from "../../simulator/common/foundation/errors.ts";
import { inspectOptions, OPTION_NAMES, type Variables } from "../options.ts";
import { describeUnknownVariables, listUnknownVariables, variablesOf } from "../variables.ts";
import { type CheckPlan, type Finding, failed, ok, warning } from "./check.ts";

/** What dependents get, and what the host itself does not read. */
const GIVEN_TO_DEPENDENTS = [ENV.kafka, "KAFKA_HOST", ENV.redis, "REDIS_URI", "REDIS_HOST", "ConnectionStrings__kafka"];
const PROXIES = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"];

export interface VariableProblem {
  /** As `up` would say it. */
  readonly message: string;
}

/** The environment without option variables whose values cannot be read, and what is wrong with those. */
export function separateVariables(env: Variables): { usable: Variables; problems: readonly VariableProblem[] } {
  const usable: Record<string, string | undefined> = { ...env };
  const problems: VariableProblem[] = [];
  for (const name of OPTION_NAMES) {
    for (const variable of variablesOf(name)) {
      for (const { error } of inspectOptions([name], {}, { [variable]: env[variable] }).problems) {
        problems.push({ message: describeError(error) });
        delete usable[variable];
      }
    }
  }
  return { usable, problems };
}

export function planVariableChecks(env: Variables, problems: readonly VariableProblem[]): CheckPlan[] {
  const plan = { neededFor: "every run", isAskedInfrastructure: false };
  return [
    { id: "variables", title: "Variables", ...plan, examine: async () => judgeVariables(env, problems) },
    { id: "proxy", title: "Proxies", ...plan, examine: async () => judgeProxies(env) },
  ];
}

export function judgeVariables(env: Variables, problems: readonly VariableProblem[]): Finding {
  const names = Object.keys(env).filter((name) => (env[name] ?? "") !== "");
  const unknown = listUnknownVariables(env);
  const ignored = names.filter((name) => GIVEN_TO_DEPENDENTS.includes(name));
  const reasons = [
    ...problems.map(({ message }) => message),
    ...describeUnknownVariables(env),
    ...ignored.map((name) => `${name} is ignored: the host never reads what it gives to dependents`),
  ];
  const used = names.filter((name) => /^(FLINK_APPHOST_|SIMULATOR_)/.test(name) && !unknown.includes(name));
  const found = used.length === 0 ? "none of ours are set" : `${used.join(", ")} set`;
  const fixes = [
    ...(problems.length === 0 ? [] : ["unset what cannot be read, or give a value of that form"]),
    ...(unknown.length === 0
      ? []
      : [
          "correct the name: --max-time has FLINK_APPHOST_MAX_TIME, and so on for every option of `npx flink-apphost up --help`",
        ]),
    ...(ignored.length === 0 ? [] : ["to use servers of yours, give --kafka and --redis"]),
  ];
  if (problems.length > 0) return failed(found, reasons.join("; "), fixes.join("; "));
  return reasons.length > 0 ? warning(found, reasons.join("; "), fixes.join("; ")) : ok(found);
}

/** Their values may hold a password, and are nobody's business. */
export function judgeProxies(env: Variables): Finding {
  const proxy = PROXIES.find((name) => (env[name] ?? "") !== "");
  return ok(proxy === undefined ? "none is set" : `${proxy} is set, and nothing of a run goes through it`);
}
