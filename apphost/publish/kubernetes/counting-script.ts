/** The counting job as a script that Flink itself runs (its SqlDriver), against a Kafka that asks who comes. Pure. */
import { countingStatements, MINI_BATCH, quoteSql } from "../../drivers/flink/counting-job.ts";
import type { HostOptions } from "../../options.ts";
import { topicsOf } from "./kafka.ts";
import { FLINK, KAFKA_BOOTSTRAP, KAFKA_CA_FOLDER, KAFKA_USER_FOLDER, KAFKA_USERS } from "./names.ts";

/** The connector brings Kafka's clients under a name of its own. */
const SHADED = "org.apache.flink.kafka.shaded.org.apache.kafka.common";
const PASSWORD = `\${folder:${KAFKA_USER_FOLDER}:password}`;

/** The client reads the password from the mounted Secret itself: it stands in no script and no configuration. */
const CLIENT_PROPERTIES: Readonly<Record<string, string>> = {
  "security.protocol": "SASL_SSL",
  "ssl.truststore.type": "PEM",
  "ssl.truststore.location": `${KAFKA_CA_FOLDER}/ca.crt`,
  "sasl.mechanism": "SCRAM-SHA-512",
  "sasl.jaas.config": `${SHADED}.security.scram.ScramLoginModule required username="${KAFKA_USERS.flink}" password="${PASSWORD}";`,
  "config.providers": "folder",
  "config.providers.folder.class": `${SHADED}.config.provider.DirectoryConfigProvider`,
  "config.providers.folder.param.allowed.paths": KAFKA_USER_FOLDER,
};

/** What a script is to its cluster is in the cluster's configuration; what its statements are planned by is here. */
export function formatCountingScript(options: HostOptions): string {
  const { input, counts } = topicsOf(options);
  const settings = { "pipeline.name": FLINK, "execution.runtime-mode": "streaming", ...MINI_BATCH };
  const statements = countingStatements({
    // Also the beginning of the ids of its transactions, for which the user has rights.
    name: FLINK,
    bootstrap: KAFKA_BOOTSTRAP,
    clientProperties: CLIENT_PROPERTIES,
    inputTopic: input,
    outputTopic: counts,
    group: FLINK,
  });
  const sets = Object.entries(settings).map(([key, value]) => `SET ${quoteSql(key)} = ${quoteSql(value)}`);
  return [...sets, ...statements].map((statement) => `${statement};\n`).join("\n");
}
