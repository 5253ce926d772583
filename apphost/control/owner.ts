/**
 * The terminal that started a host and owns it, by the channel between the two processes.
 *
 *   owned → left     the terminal said so, and the host lives on as if it had been started detached
 *         → closed   the channel ended without that word: a closed terminal, or a dashboard that was killed
 *
 * Z1 Who is closed ends its run in order, as at SIGTERM: nobody is left who could.
 * Z2 No child of the host inherits the variable, or it would take its own channel for an owner's.
 */
export const OWNED_BY_CHANNEL = { FLINK_APPHOST_OWNER: "channel" } as const;

export type OwnedHostMessage =
  /** What takes long before there is a run. */
  { readonly type: "preparing"; readonly text: string } | { readonly type: "open"; readonly runDir: string };

/** The run goes on, and is nobody's. */
export interface OwnerMessage {
  readonly type: "leave";
}

export interface Owner {
  tell(message: OwnedHostMessage): void;
}

/** The host's end. Null: this process has no owner. `onClosed` is called at most once. */
export function findOwner(env: NodeJS.ProcessEnv, onClosed: () => void): Owner | null {
  const isOwned = env["FLINK_APPHOST_OWNER"] === OWNED_BY_CHANNEL.FLINK_APPHOST_OWNER && process.connected;
  delete env["FLINK_APPHOST_OWNER"];
  if (!isOwned) return null;
  process.once("disconnect", onClosed);
  process.on("message", (message) => {
    if ((message as OwnerMessage).type !== "leave") return;
    process.removeListener("disconnect", onClosed);
    process.disconnect?.();
  });
  // The owner does not keep the host alive.
  process.channel?.unref();
  return {
    tell(message) {
      if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
    },
  };
}
