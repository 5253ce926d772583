/** kcat, the consumer in C: reads the full topic and writes it nowhere. Its own defaults, as a user would call it. */

import { findProgram } from "../../../simulator/common/foundation/program.ts";
import { fillTopic } from "../filled-topic.ts";
import { MissingPart } from "../parts.ts";
import type { BenchCase } from "../suite.ts";
import { runPeer } from "./peer-command.ts";

export const kcatConsumer: BenchCase = {
  id: "peers/kcat",
  title: "kcat -C (C, one process)",
  usesBroker: true,
  isPeer: true,
  async measure(context) {
    const kcat = findProgram("kcat");
    if (kcat === undefined) throw new MissingPart("there is no kcat on PATH");
    const session = await context.session();
    const { topic, messages, messageSize } = await fillTopic(context);
    const { wallMs, cpuUsPerMessage, rssBytesMax } = await runPeer(context, session, {
      name: "kcat",
      command: kcat,
      // It ends by itself once it has read as many as there are, and so proves that it has.
      args: ["-C", "-b", session.bootstrap, "-t", topic, "-o", "beginning", "-c", String(messages), "-q"],
      messages,
      discardsOutput: true,
    });
    return {
      messages,
      messageSize,
      // The whole process: its start takes some ten milliseconds.
      figures: { drainPerSecond: (messages * 1_000) / wallMs, intervalMs: wallMs },
      cpuUsPerMessage,
      rssBytesMax,
      raw: { wallMs },
    };
  },
};
