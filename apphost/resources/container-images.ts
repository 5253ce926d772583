/** The images that containers are made of, by name and tag: the one place that pins them. Each has an option. */
export const CONTAINER_IMAGES = {
  kafka: "apache/kafka:4.3.0",
  redis: "redis:8.6",
  kafkaUi: "kafbat/kafka-ui:v1.5.0",
} as const;
