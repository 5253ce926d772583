/** The dashboard's packages, loaded only for it. */
import type { Dashboard, DashboardOptions } from "../dashboard/dashboard.tsx";

export async function openDashboard(
  options: Pick<DashboardOptions, "theme" | "isOwner" | "onEnd">,
): Promise<Dashboard> {
  const { Dashboard } = await loadDashboard();
  const { stdin, stdout, stderr, env } = process;
  return new Dashboard({ stdin, stdout, stderr, env, ...options });
}

/**
 * React picks its build when it is imported; its development build leaks memory and takes three times the CPU. Ink's
 * layout engine gets its own bytes out of a data URL by `fetch` where there is one, and with its first call Node loads a
 * whole HTTP client: without it, the engine decodes them itself.
 */
export async function loadDashboard(): Promise<typeof import("../dashboard/dashboard.tsx")> {
  const before = process.env["NODE_ENV"];
  const fetchBefore = Object.getOwnPropertyDescriptor(globalThis, "fetch");
  process.env["NODE_ENV"] = "production";
  Reflect.deleteProperty(globalThis, "fetch");
  try {
    return await import("../dashboard/dashboard.tsx");
  } finally {
    if (fetchBefore !== undefined) Object.defineProperty(globalThis, "fetch", fetchBefore);
    if (before === undefined) delete process.env["NODE_ENV"];
    else process.env["NODE_ENV"] = before;
  }
}
