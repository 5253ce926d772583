/** What a pod of ours may: nothing that it does not need, within bounds. Pure. */
import type { IContainer, IPodSecurityContext, IResourceRequirements } from "kubernetes-models/v1";

/** By number: a kubelet that looks for root does not read an image's names. Volumes are its group's. */
export const createPodRights = (userId: number): IPodSecurityContext => ({
  runAsNonRoot: true,
  runAsUser: userId,
  runAsGroup: userId,
  fsGroup: userId,
  seccompProfile: { type: "RuntimeDefault" },
});

type ContainerRights = NonNullable<IContainer["securityContext"]>;

export const createContainerRights = (root: "readOnly" | "writable"): ContainerRights => ({
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  ...(root === "readOnly" && { readOnlyRootFilesystem: true }),
});

/** Memory is no wish: what is asked for is what there is, so no pod is killed for the greed of another. */
export const createResources = ({ cpu, memory }: { cpu: string; memory: string }): IResourceRequirements => ({
  requests: { cpu, memory },
  limits: { cpu, memory },
});
