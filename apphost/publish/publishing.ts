/** From what was asked for to a folder that holds it: the one place here that draws a password and calls npm. */
import { createPassword } from "../drivers/password.ts";
import type { HostOptions } from "../options.ts";
import { packOwnPackage, readTarball } from "./package-tarball.ts";
import { createPublishedFiles } from "./published-files.ts";
import { type Written, writePublishedFolder } from "./published-folder.ts";

export interface PublishRequest {
  readonly options: HostOptions;
  readonly folder: string;
  readonly nodeImage: string;
  /** Path of a tarball; null: this package is packed. */
  readonly tarball: string | null;
  readonly isForced: boolean;
}

/** Says of each file what became of it. */
export async function publishCompose(request: PublishRequest): Promise<ReadonlyMap<string, Written>> {
  const { options, folder, nodeImage, isForced } = request;
  const tarball = request.tarball === null ? await packOwnPackage() : readTarball(request.tarball);
  const files = createPublishedFiles({ options, nodeImage, tarball, redisPassword: createPassword() });
  return writePublishedFolder(folder, files, { isForced });
}
