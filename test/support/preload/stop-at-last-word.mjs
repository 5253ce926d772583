// Loaded by --import into each process of a run: the producer stops itself (SIGSTOP) in the very moment in which it has
// told the host that all is done, and so before it ends. From outside that moment cannot be hit.
if (process.env.FLINK_APPHOST_RESOURCE === "producer" && process.send !== undefined) {
  const send = process.send.bind(process);
  process.send = (message, handle, options, callback) =>
    send(message, handle, options, (error) => {
      callback?.(error);
      if (message.type === "produceFinished") process.kill(process.pid, "SIGSTOP");
    });
}
