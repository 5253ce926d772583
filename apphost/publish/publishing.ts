/** From what was asked for to a folder that holds it: the one place here that draws a password and calls npm. */
import { createPassword } from "../drivers/password.ts";
import type { HostOptions } from "../options.ts";
import type { Flavor } from "./kubernetes/flavor.ts";
import { createKubernetesFiles } from "./kubernetes/kubernetes-files.ts";
import { packOwnPackage, readTarball } from "./package-tarball.ts";
import { createPublishedFiles } from "./published-files.ts";
import { type Written, writePublishedFolder } from "./published-folder.ts";

export type PublishTarget =
  | { readonly kind: "compose" }
  | { readonly kind: "kubernetes"; readonly flavor: Flavor; readonly registry: string | null };

export interface PublishRequest {
  readonly target: PublishTarget;
  readonly options: HostOptions;
  readonly folder: string;
  readonly nodeImage: string;
  /** Path of a tarball; null: this package is packed. */
  readonly tarball: string | null;
  readonly isForced: boolean;
}

/** Says of each file what became of it. */
export async function publish(request: PublishRequest): Promise<ReadonlyMap<string, Written>> {
  const { target, options, folder, nodeImage, isForced } = request;
  const tarball = request.tarball === null ? await packOwnPackage() : readTarball(request.tarball);
  const publication = { options, nodeImage, tarball, redisPassword: createPassword() };
  const files =
    target.kind === "compose"
      ? createPublishedFiles(publication)
      : createKubernetesFiles({ ...publication, flavor: target.flavor, registry: target.registry });
  return writePublishedFolder(folder, files, { isForced });
}
