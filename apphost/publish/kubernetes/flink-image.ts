/** The image of Flink: the official one with the connector that the script needs. Pure. */
import type { Instruction } from "../dockerfile.ts";
import { FLINK_HOME, FLINK_VERSION } from "./names.ts";

const CONNECTOR = "org.apache.flink:flink-sql-connector-kafka:5.0.0-2.2";
const COPY_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy";
const FETCHED = "/connector";
/** The user `flink` of the official image, by number. */
const USER_ID = "9999";

/** Maven checks what it fetches, and is in no layer of the image. */
export const createFlinkInstructions = (): readonly Instruction[] => [
  {
    kind: "comment",
    text: "Apache Flink with its SQL connector for Kafka. Written by `flink-apphost publish kubernetes`.",
  },
  { kind: "FROM", image: "maven:3.9-eclipse-temurin-17", as: "connector" },
  {
    kind: "RUN",
    commands: [
      [
        "mvn",
        "--batch-mode",
        "--strict-checksums",
        COPY_GOAL,
        `-Dartifact=${CONNECTOR}`,
        `-DoutputDirectory=${FETCHED}`,
      ],
    ],
  },
  { kind: "FROM", image: `flink:${FLINK_VERSION}-java17` },
  { kind: "COPY", stage: "connector", from: `${FETCHED}/`, to: `${FLINK_HOME}/lib/` },
  { kind: "USER", id: `${USER_ID}:${USER_ID}` },
];
