/** The dashboard's packages, loaded only for it. */
import type { Dashboard, DashboardOptions } from "../dashboard/dashboard.tsx";

/** React picks its build when it is imported; its development build leaks memory and takes three times the CPU. */
export async function openDashboard(
  options: Pick<DashboardOptions, "theme" | "isOwner" | "onEnd">,
): Promise<Dashboard> {
  const before = process.env["NODE_ENV"];
  process.env["NODE_ENV"] = "production";
  try {
    const { Dashboard } = await import("../dashboard/dashboard.tsx");
    const { stdin, stdout, stderr, env } = process;
    return new Dashboard({ stdin, stdout, stderr, env, ...options });
  } finally {
    if (before === undefined) delete process.env["NODE_ENV"];
    else process.env["NODE_ENV"] = before;
  }
}
