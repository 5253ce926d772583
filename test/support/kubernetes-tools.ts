/** Programs that look at manifests and images: of the folder KUBERNETES_TOOLS, or else on PATH. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

export const KUBERNETES_PROGRAMS = ["kubectl", "hadolint", "kubeconform"] as const;
export type KubernetesProgram = (typeof KUBERNETES_PROGRAMS)[number];

const ASK = { kubectl: ["version", "--client"], hadolint: ["--version"], kubeconform: ["-v"] } as const;
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

const folder = (): string => process.env["KUBERNETES_TOOLS"] ?? "";

export const kubernetesProgram = (name: KubernetesProgram): string => (folder() === "" ? name : join(folder(), name));

/** Null: it is there. */
export function kubernetesProgramMissing(name: KubernetesProgram): string | null {
  const probe = spawnSync(kubernetesProgram(name), ASK[name], { stdio: "ignore" });
  if (probe.error === undefined && probe.status === 0) return null;
  return `${name} is neither in KUBERNETES_TOOLS (scripts/real-parts/fetch-kubernetes-tools) nor on PATH`;
}

export function runKubernetesProgram(name: KubernetesProgram, args: readonly string[], input = "") {
  const { status, stdout, stderr } = spawnSync(kubernetesProgram(name), args, {
    encoding: "utf8",
    input,
    timeout: 60_000,
    maxBuffer: OUTPUT_BYTES_MAX,
  });
  return { exitCode: status, stdout, stderr };
}
