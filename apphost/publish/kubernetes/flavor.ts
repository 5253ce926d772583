/** How Flink runs in a cluster: who starts its TaskManagers, and how many. Every start of the command line reads it. */
export const FLAVORS = ["operator", "standalone"] as const;
export type Flavor = (typeof FLAVORS)[number];
