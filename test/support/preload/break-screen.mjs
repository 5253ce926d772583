// Loaded by --import into the processes of a run: in the one that has the terminal, every write of a frame throws from
// TEST_BREAK_SCREEN_AFTER_MS on, as if the painter, and Ink, had a fault. What is written beside the frames goes on being written.
const afterMs = Number(process.env.TEST_BREAK_SCREEN_AFTER_MS ?? 0);
if (afterMs > 0 && process.stdout.isTTY) {
  const write = process.stdout.write.bind(process.stdout);
  const breaksAtMs = performance.now() + afterMs;
  process.stdout.write = (chunk, ...rest) => {
    if (performance.now() > breaksAtMs && /log-update|painter/.test(new Error("").stack))
      throw new Error("broken as asked");
    return write(chunk, ...rest);
  };
}
