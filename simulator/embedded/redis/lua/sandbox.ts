/**
 * What a script sees: the global names that Redis 7.0 lets it see, and no way to change them for the next script.
 * Reading a name that does not exist is an error, as is writing one; both as in Redis.
 */

import { type createLibraries, pushLibrary } from "./libraries.ts";
import type { LuaMachine, Thread } from "./machine.ts";
import { TYPE } from "./values.ts";

/**
 * Takes the functions of `guards` and the libraries, and gives back the table for KEYS and ARGV and the handler that puts
 * the place of an error beside its message. Afterwards the globals of all further code are the sandbox.
 */
const SANDBOX_TEXT = `
local guards, libraries = ...
local debug, loadstring, pcall, tostring, type = debug, loadstring, pcall, tostring, type
local contents = setmetatable({}, { __index = guards.refuseRead })

local function protect(members)
  local protected = setmetatable({}, { __index = members, __newindex = guards.refuseWrite, __metatable = false })
  guards.remember(protected)
  return protected
end

for _, name in ipairs({ 'assert', 'collectgarbage', 'error', 'gcinfo', 'getmetatable', 'ipairs', 'next', 'pairs',
  'rawequal', 'rawget', 'select', 'setmetatable', 'tonumber', 'tostring', 'type', 'unpack', 'xpcall', '_VERSION' }) do
  contents[name] = _G[name]
end
contents.rawset = guards.rawset
for _, name in ipairs({ 'coroutine', 'math', 'string', 'table' }) do contents[name] = protect(_G[name]) end
for name, members in pairs(libraries) do contents[name] = protect(members) end
getmetatable('').__metatable = false

-- What redis.call raises is a table for the handler below; pcall gives its message.
local function unwrap(ok, ...)
  local err = ...
  if ok or type(err) ~= 'table' or type(err.err) ~= 'string' then return ok, ... end
  return false, err.err
end
function contents.pcall(...)
  return unwrap(pcall(...))
end

function contents.loadstring(text, name)
  if type(text) == 'string' and text:byte(1) == 27 then return nil, 'a script is a text, not compiled code' end
  return loadstring(text, name)
end
function contents.load(read, name)
  local parts = {}
  for part in read do
    if part == '' then break end
    parts[#parts + 1] = part
  end
  return contents.loadstring(table.concat(parts), name or '=(load)')
end

contents._G = protect(contents)
setfenv(0, contents._G)

local function onError(err)
  local place = debug.getinfo(2, 'nSl')
  if place and place.what == 'C' then place = debug.getinfo(3, 'nSl') end
  if type(err) ~= 'table' then err = { err = 'ERR ' .. tostring(err) } end
  if place then
    err.source = place.source
    err.line = place.currentline
  end
  return err
end
return contents, onError
`;

export interface Sandbox {
  /** Where they are kept (`machine.pushKept`). */
  readonly contents: number;
  readonly onError: number;
}

export function createSandbox(machine: LuaMachine, libraries: ReturnType<typeof createLibraries>): Sandbox {
  const { api, main } = machine;
  const error = machine.compile(SANDBOX_TEXT, "=sandbox");
  if (error !== undefined) throw new Error(error.error);
  pushLibrary(machine, main, createGuards(machine));
  api.lua_createtable(main, 0, 4);
  for (const [name, library] of Object.entries(libraries)) {
    machine.pushText(main, name);
    pushLibrary(machine, main, library);
    api.lua_rawset(main, -3);
  }
  if (api.lua_pcall(main, 2, 2, 0) !== 0) throw new Error(machine.readText(main, -1));
  const onError = machine.keep();
  const contents = machine.keep();
  return { contents, onError };
}

function createGuards(machine: LuaMachine) {
  const { api } = machine;
  const READ_ONLY = "Attempt to modify a readonly table";
  const protectedTables = new Set<number>();
  return {
    remember(thread: Thread) {
      protectedTables.add(api.lua_topointer(thread, 1));
      return 0;
    },
    refuseRead(thread: Thread): number {
      const name = machine.readText(thread, 2) ?? "";
      return machine.raise(thread, `Script attempted to access nonexistent global variable '${name}'`);
    },
    refuseWrite: (thread: Thread): number => machine.raise(thread, READ_ONLY),
    rawset(thread: Thread): number {
      if (api.lua_gettop(thread) !== 3 || api.lua_type(thread, 1) !== TYPE.table)
        machine.raise(thread, "bad argument to 'rawset' (a table, a key and a value expected)");
      if (protectedTables.has(api.lua_topointer(thread, 1))) {
        machine.pushText(thread, READ_ONLY);
        machine.raiseTop(thread);
      }
      api.lua_rawset(thread, 1);
      return 1;
    },
  };
}
