/** What the log writers and those who measure them agree on. */
export const LINES_PER_SECOND = 500;
/** With its end of line. */
export const LINE_BYTES = 100;
