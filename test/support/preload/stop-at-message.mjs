// Loaded by --import into each process of a run: the one of resource TEST_STOP_RESOURCE stops itself (SIGSTOP) in the very
// moment in which it has sent the host a message of type TEST_STOP_AT. From outside that cannot be hit. Where TEST_STOP_MARK
// names a file, only the first such process does: it leaves the file, and its successor finds it.
import { existsSync, writeFileSync } from "node:fs";

const { FLINK_APPHOST_RESOURCE, TEST_STOP_RESOURCE, TEST_STOP_AT, TEST_STOP_MARK } = process.env;
const isFirst = TEST_STOP_MARK === undefined || !existsSync(TEST_STOP_MARK);
if (FLINK_APPHOST_RESOURCE === TEST_STOP_RESOURCE && process.send !== undefined && isFirst) {
  const send = process.send.bind(process);
  process.send = (message, handle, options, callback) =>
    send(message, handle, options, (error) => {
      callback?.(error);
      if (message.type !== TEST_STOP_AT) return;
      if (TEST_STOP_MARK !== undefined) writeFileSync(TEST_STOP_MARK, "");
      process.kill(process.pid, "SIGSTOP");
    });
}
