/**
 * Texts of ours in the syntax of other programs, each written by that program's own rules. Pure.
 *
 *   Java .properties   ASCII with \uXXXX; the backslash escapes; `=`, `:` and blanks end a key; `#`, `!` begin a comment
 *   redis.conf         a word in double quotes; the backslash escapes, and \xHH is a byte
 *   POSIX shell        everything between single quotes is as it is, except the single quote
 *   dotenv             readers disagree about quotes, so a value has none unless it needs them
 *   StackExchange.Redis   `host:port,key=value,…`, without any escapes: undefined is what it cannot hold
 *   terminal           control signs move the cursor and set the title: they are written as \u00hh, except breaks and tabs
 *
 * Two syntaxes have no escapes either, and are given no text but our own: Kafka's list settings, which split at commas, and
 * Java's class path, which splits at colons. For these `apphost/drivers/native.ts` runs Java in the data folder, where plain names do.
 */
import { formatHostPort, type RedisAddress } from "./address.ts";

export function formatJavaProperties(properties: Readonly<Record<string, string>>): string {
  const lines = Object.entries(properties).map(([key, value]) => `${escapeKey(key)}=${escapeValue(value)}\n`);
  return lines.join("");
}

const escapeKey = (key: string): string => escapeControls(key.replace(/[\\ :=#!]/g, "\\$&"));

/** Blanks are lost only at the begin of a value. */
const escapeValue = (value: string): string => escapeControls(value.replaceAll("\\", "\\\\").replace(/^ /, "\\ "));

/** Java counts in UTF-16 units, as JavaScript does. */
const escapeControls = (text: string): string =>
  text.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** For messages, which repeat what files and arguments hold. */
export const escapeForTerminal = (text: string): string =>
  text.replace(/[^\P{Cc}\n\t]/gu, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** A text of others inside one line: what breaks it could pass for a line of ours. */
export const escapeForLine = (text: string): string => escapeForTerminal(text).replace(/[\n\t]/g, escapeControls);

/** One word of redis.conf. Redis takes bytes, and so leaves UTF-8 as it is. */
export function quoteForRedis(text: string): string {
  const escaped = text
    .replace(/["\\]/g, "\\$&")
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a line break would end the setting, and a NUL the text.
    .replace(/[\x00-\x1f\x7f]/g, (sign) => `\\x${sign.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return `"${escaped}"`;
}

export const quoteForShell = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** For a command that a person may copy: quoted only where a shell would read it as something else. */
export const formatShellWord = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : quoteForShell(text));

export function quoteForDotenv(value: string): string {
  if (/^[\w@%+=:,./-]*$/.test(value)) return value;
  if (!/['\n\r]/.test(value)) return `'${value}'`;
  const escaped = value
    .replace(/[\\"$`]/g, "\\$&")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r");
  return `"${escaped}"`;
}

/** undefined: a user or a password has a comma, or a blank at an end, and would be read as another one. */
export function formatStackExchangeRedis(address: RedisAddress): string | undefined {
  const { username, password, database, tls } = address;
  const settings = [
    // The default user is who one is without a name; programs that know no users then read the text, too.
    ...(username === "" || username === "default" ? [] : [["user", username]]),
    ...(password === "" ? [] : [["password", password]]),
    ...(database === 0 ? [] : [["defaultDatabase", String(database)]]),
    ...(tls ? [["ssl", "True"]] : []),
  ];
  if (settings.some(([, value = ""]) => value.includes(",") || value.trim() !== value)) return undefined;
  return [formatHostPort(address), ...settings.map(([key, value]) => `${key}=${value}`)].join(",");
}
