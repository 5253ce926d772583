/** What a command throws: its message is the error reply, and starts with a word in capitals that names the kind. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

export const wrongType = (): CommandError =>
  new CommandError("WRONGTYPE Operation against a key holding the wrong kind of value");
export const syntaxError = (): CommandError => new CommandError("ERR syntax error");
export const notAnInteger = (): CommandError => new CommandError("ERR value is not an integer or out of range");
export const wrongArity = (command: string): CommandError =>
  new CommandError(`ERR wrong number of arguments for '${command.toLowerCase()}' command`);
export const unknownSubcommand = (command: string, subcommand: string): CommandError =>
  new CommandError(`ERR unknown subcommand '${subcommand.slice(0, 128)}'. Try ${command} HELP.`);
