/** Scripts that a real Redis and the embedded one must answer alike; KEYS are k1 and k2, ARGV is a1 and 22. */
export const LUA_SCRIPTS: readonly string[] = String.raw`
a=1
return foo
return redis.call('nope')
return redis.call('get')
return redis.call('incr','k','x')
error('boom')
error({err='MY thing'})
return redis.call('set','k',{})
return {err='bare'}
return redis.error_reply('My Error x')
return redis.error_reply('x')
return redis.error_reply('-BAD x')
return redis.error_reply()
return redis.status_reply('fine')
return syntax error
return {1,2,nil,3,ok='x'}
return {1,2,nil,3}
return 3.99
return -3.99
return redis.call()
redis.call('set','k','v') return redis.call('incr','k')
return redis.pcall('incr','k')
local r = redis.pcall('incr','k') return r.err
string.x=1
redis.x=1
return tostring(redis.call('get','none'))
return redis.sha1hex('')
return redis.call('subscribe','a')
return {double=3.5}
return cjson.encode({1,2,a=3})
return cjson.encode({a={}})
return cjson.encode({1,2,{3,'x'},1.5,-0.1,1e20,true})
return cjson.encode('é/"\n\t')
return cjson.decode('[1,2,{"a":null}]')[2]
return cjson.decode('{"a":{"b":"\\u00e9"}}').a.b
return tostring(cjson.decode('[null]')[1] == cjson.null)
return tostring(10/2)..','..1e15 ..','.. 123456789012345678
local x = nil; return x.y
error()
error(nil)
return {true,false}
rawset(_G,'a',1)
return {nil,1}
return bit.band(255,15)
return {bit.bor(1,2),bit.bxor(5,1),bit.bnot(0),bit.lshift(1,31),bit.rshift(-1,28),bit.arshift(-8,1),bit.rol(0x12345678,8),bit.ror(0x12345678,8),bit.bswap(0x12345678),bit.tohex(255),bit.tohex(-1,-4),bit.tobit(0xffffffff)}
assert(false,'no')
return redis.call('evalsha','x',0)
return print
return os
return {KEYS[1],KEYS[2],ARGV[1],ARGV[2],#KEYS,#ARGV}
redis.call('del','h') redis.call('hset','h','a',1,'b',2.5) return redis.call('hgetall','h')
return redis.call('hincrbyfloat','h','b',0.25)
redis.call('set','n',10/4) return redis.call('get','n')
redis.call('set','n',1e20) return redis.call('get','n')
redis.call('set','n',100000000000000000) return redis.call('get','n')
redis.call('del','z') redis.call('zadd','z',1.5,'m') return redis.call('zscore','z','m')
return redis.call('zrange','z',0,-1,'withscores')
return type(redis.call('zscore','z','m'))
redis.setresp(3) return redis.call('hgetall','h')
redis.setresp(3) return type(redis.call('get','none'))
redis.setresp(3) return redis.call('zscore','z','m').double
return type(redis.call('ping').ok)
return redis.call('ping')
return pcall(function() return redis.call('incr','k') end)
local ok,e = pcall(redis.call,'incr','k') return {tostring(ok), type(e), e.err}
local ok,e = pcall(function() error('x') end) return e
return {pcall(function() error({1,2}) end)}
return loadstring('return 7')()
return load(function() return nil end)
return tostring(loadstring('return +'))
return select('#',unpack({1,2,3}))
return string.format('%d %5.2f %s %q',3,2.5,'x','y')
return tostring(tonumber('0x10'))..tostring(tonumber('z',36))
return string.rep('ab',3)..('x'):upper()..string.char(0,255)
return table.concat({1,2,3},'-')
local t={3,1,2} table.sort(t) return t
local t={3,1,2} table.sort(t,function(a,b) return a>b end) return t
return coroutine.wrap(function() coroutine.yield(5) end)()
local c=coroutine.create(function() return redis.call('ping') end) local ok,r=coroutine.resume(c) return r
return coroutine.wrap(function() error('in co') end)()
return cmsgpack.unpack(cmsgpack.pack({1,2,a='x'}))
return {cmsgpack.unpack(cmsgpack.pack(1,'two',3.5,true,-1,-200,70000,5000000000))}
return cmsgpack.pack({1,'a',{b=2},true,3.25,-5,300,string.rep('x',40)})
return cmsgpack.unpack('')
return cmsgpack.unpack('\xff\x93\x01')
return redis.call('select',3)
redis.call('select',3) redis.call('set','in3',1) return redis.call('get','in3')
return redis.call('get','in3')
return math.floor(7.5)..math.pow(2,10)..math.max(1,9)
return 2^53+1
return 1e19
return 0/0
return string.gsub('hello world','o','0')
for i=1,3 do redis.call('rpush','l',i) end return redis.call('lrange','l',0,-1)
redis.call('del','l') return redis.call('blpop','l',0)
redis.call('del','l') return redis.call('lpop','l')
redis.log(redis.LOG_WARNING,'x') return 1
return redis.call('config','get','x')
return redis.call('time')[3]
return {redis.REDIS_VERSION, redis.REDIS_VERSION_NUM}
return _VERSION
return tostring(redis)=='' 
return #_G
return getmetatable('') == nil
return pairs
return function() end
return {function() end, 1}
return redis.call('set','k',true)
return redis.call('set','k',nil)
return redis.call('set',nil,'k')
return redis.pcall('set','k',{})
return redis.pcall()
return redis.pcall('nope')
return {ok='a\r\nb'}
return {err='a\r\nb'}
return {err=5}
return {map={a=1}}
return {set={a=true}}
local function f() return f() end return 1
local function f() return 1+f() end return f()
return ('x'):rep(10):find('x+')
local t=setmetatable({},{__index=function() return 5 end}) return t.x
local t={} for i=1,100 do t[i]=i end return #t
#!lua
return unpack(ARGV)
return tostring(nil)..type(redis.call)
goto x
return ARGV[2]+1
return ARGV[2]*1000000000000
return tostring(ARGV[2]*1000000000000)
return ARGV[1] .. 5
return cjson.encode({[1]=1,[3]=3})
return cjson.encode({[1]=1,[100]=3})
return cjson.encode({[true]=1})
return cjson.encode(0/0)
return cjson.encode(cjson.decode('{"a":[],"b":{},"c":[1,2.5,"x"]}').c)
return cjson.encode(1e15) .. cjson.encode(123456789012) .. cjson.encode(0.1)
local a <const> = 5
return redis.call('object','encoding','k')
return redis.call('scan',0)[1]
`
  .trim()
  .split("\n");
