// Loaded by --import into each process of a run: the producer stops itself (SIGSTOP) in the very moment in which it has sent
// the host the message TEST_STOP_PRODUCER_AT ("ready", or "produceFinished", its last one). From outside that cannot be hit.
if (process.env.FLINK_APPHOST_RESOURCE === "producer" && process.send !== undefined) {
  const send = process.send.bind(process);
  process.send = (message, handle, options, callback) =>
    send(message, handle, options, (error) => {
      callback?.(error);
      if (message.type === process.env.TEST_STOP_PRODUCER_AT) process.kill(process.pid, "SIGSTOP");
    });
}
