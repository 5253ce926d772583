/** What some options choose among, named here for those who act on the choice and see no options. */

/** Where Kafka and Redis come from when no address is given. */
export type InfraChoice = "auto" | "docker" | "native" | "embedded";
/** How containers are reached. */
export type NetworkChoice = "auto" | "host" | "published";
/** How a run is shown. */
export type UiMode = "auto" | "tui" | "plain" | "json" | "quiet";
