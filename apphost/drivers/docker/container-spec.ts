/** What a container is to be, in our words and in the engine's. Pure. */
import type Docker from "dockerode";
import type { ArchivedFile } from "./archive.ts";
import type { Labels } from "./labels.ts";

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  /** null: what the image itself runs. */
  readonly command: readonly string[] | null;
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Labels;
  readonly reach: ContainerReach;
  /** Folders that keep the data, each an anonymous volume that goes with the container. */
  readonly volumes: readonly string[];
  /** Put in before the first start. */
  readonly file: (ArchivedFile & { readonly folder: string }) | null;
  /** Absent: the image's own start script, as the image's user. */
  readonly program?: ContainerProgram;
}

/** A program of the image that runs in a folder of this machine, which it sees under the same path. */
export interface ContainerProgram {
  /** `command` are its arguments. */
  readonly name: string;
  readonly folder: string;
  readonly user: ContainerUser;
}

/** Whoever owns on this machine what the container writes into a folder of it. */
export interface ContainerUser {
  /** UID:GID inside. */
  readonly id: string;
  /** `host`: its ids are those of this machine, though the engine maps those of other containers. */
  readonly usernsMode: "host" | "";
}

/** How programs of this machine get to it. */
export type ContainerReach =
  /** It listens on this machine's own 127.0.0.1, as any program here does. */
  | { readonly kind: "host" }
  /** The engine forwards a port of 127.0.0.1 to it. `network`: its name there, for other containers. */
  | {
      readonly kind: "published";
      readonly ports: readonly { readonly inside: number; readonly host: number }[];
      readonly network: { readonly name: string; readonly alias: string } | null;
    };

/** As the engine wants it. */
export function formatSpec(spec: ContainerSpec): Docker.ContainerCreateOptions {
  const { reach } = spec;
  const published = reach.kind === "published" ? reach.ports : [];
  const network = reach.kind === "published" ? reach.network : null;
  const { program } = spec;
  return {
    name: spec.name,
    Image: spec.image,
    ...(program === undefined ? {} : { Entrypoint: [program.name], WorkingDir: program.folder, User: program.user.id }),
    ...(spec.command === null ? {} : { Cmd: [...spec.command] }),
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    Labels: { ...spec.labels },
    ExposedPorts: Object.fromEntries(published.map(({ inside }) => [`${inside}/tcp`, {}])),
    HostConfig: {
      NetworkMode: reach.kind === "host" ? "host" : (network?.name ?? "default"),
      PortBindings: Object.fromEntries(
        published.map(({ inside, host }) => [`${inside}/tcp`, [{ HostIp: "127.0.0.1", HostPort: String(host) }]]),
      ),
      ...(program === undefined ? {} : { UsernsMode: program.user.usernsMode }),
      Mounts: [...spec.volumes.map((target) => createVolume(target, spec.labels)), ...bindFolder(program)],
    },
    ...(network === null
      ? {}
      : { NetworkingConfig: { EndpointsConfig: { [network.name]: { Aliases: [network.alias] } } } }),
  };
}

const createVolume = (target: string, labels: Labels): Docker.MountSettings => ({
  Type: "volume",
  Target: target,
  // Without a name it is anonymous, and goes with its container.
  Source: "",
  VolumeOptions: { NoCopy: false, Labels: { ...labels }, DriverConfig: { Name: "local", Options: {} } },
});

const bindFolder = (program: ContainerProgram | undefined): Docker.MountSettings[] =>
  program === undefined ? [] : [{ Type: "bind", Source: program.folder, Target: program.folder }];
