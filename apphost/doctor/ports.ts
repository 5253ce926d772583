/** Ports: whether this machine lets us listen on 127.0.0.1, and whether the fixed ones are free. */
import { once } from "node:events";
import { createServer } from "node:net";
import { FIXED_PORTS, LOOPBACK, type PortName } from "../processes/ports.ts";
import { type CheckPlan, type Finding, failed, ok } from "./check.ts";
import { findPortHolder, type PortHolder } from "./port-holder.ts";

export function planPortChecks(options: {
  readonly fixedPorts: boolean;
  readonly externals: readonly PortName[];
}): CheckPlan[] {
  // A server at a given address needs no port of ours.
  const names = (Object.keys(FIXED_PORTS) as PortName[]).filter((name) => !options.externals.includes(name));
  return [
    {
      id: "loopback",
      title: "Loopback",
      neededFor: "every run",
      isAskedInfrastructure: false,
      examine: examineLoopback,
    },
    {
      id: "fixed-ports",
      title: "Fixed ports",
      neededFor: "--fixed-ports",
      isAskedInfrastructure: options.fixedPorts,
      async examine() {
        const ports = await Promise.all(names.map((name) => lookAtPort(FIXED_PORTS[name])));
        return judgeFixedPorts(ports, options.fixedPorts);
      },
    },
  ];
}

async function examineLoopback(): Promise<Finding> {
  const code = await tryToListen(0);
  if (code === null) return ok(`${LOOPBACK} can be listened on`);
  return failed(`${LOOPBACK} gave ${code}`, "every server of a run listens there", "bring the loopback interface up");
}

export type PortState =
  | { readonly port: number; readonly code: null }
  /** Why nobody could listen on it now, and who does. */
  | { readonly port: number; readonly code: string; readonly holder: PortHolder };

async function lookAtPort(port: number): Promise<PortState> {
  const code = await tryToListen(port);
  return code === null ? { port, code } : { port, code, holder: await findPortHolder(port) };
}

/** Listens for a moment. Returns null, or the code of what hindered it. */
async function tryToListen(port: number): Promise<string | null> {
  const server = createServer();
  try {
    server.listen(port, LOOPBACK);
    await once(server, "listening");
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
  server.close();
  await once(server, "close");
  return null;
}

export function judgeFixedPorts(ports: readonly PortState[], areAsked: boolean): Finding {
  const taken = ports.flatMap((state) =>
    state.code === null ? [] : [describeTaken(state.port, state.code, state.holder)],
  );
  const free = ports.flatMap(({ port, code }) => (code === null ? [port] : []));
  const found = [...taken, ...(free.length === 0 ? [] : [`${free.join(", ")} free`])].join("; ");
  if (taken.length === 0) return ok(found);
  if (!areAsked) return ok(found, "this run takes free ports instead");
  return failed(found, "--fixed-ports needs them all", "end those programs, or omit --fixed-ports");
}

function describeTaken(port: number, code: string, holder: PortHolder): string {
  switch (holder.kind) {
    case "process":
      return `${port} is held by ${holder.name} (pid ${holder.pid})`;
    case "hidden":
      return `${port} is held by a process of user ${holder.userId}`;
    case "unknown":
      return `${port} cannot be listened on (${code})`;
  }
}
