-- A pooler's connection waits until there is one primary that takes logins. The proxy's checks see a change only after a
-- while, and what was the primary may answer again meanwhile, read-only. So both are asked at this moment: Patroni whether
-- it leads, and the server, by the packet that a login begins with. While that starts or stops it answers with an error,
-- else with the request for a password, whoever it is. Where the argument is
-- `checked`, Patroni takes TLS, and the proxy's own check, which verified it, has to do.
local CHECKED = ... == "checked"
local STARTUP = "\0\3\0\0user\0ha_platform\0database\0ha_platform\0\0"
local LOGIN = string.pack(">I4", #STARTUP + 4) .. STARTUP
local CHECK = "OPTIONS /primary HTTP/1.0\r\n\r\n"

local function primary()
  local found
  for _, server in pairs(core.backends["primary"].servers) do
    if server:get_stats().status:sub(1, 2) == "UP" then
      if found then return nil end
      found = server:get_addr()
    end
  end
  return found
end

local function answer(host, port, request, wanted)
  local socket = core.tcp()
  socket:settimeout(1)
  local said = socket:connect(host, port) and socket:send(request) and socket:receive(wanted)
  socket:close()
  return said or ""
end

local function leads(host)
  return CHECKED or answer(host, 8008, CHECK, "*l"):find("^HTTP/1%.%d 200") ~= nil
end

local function takes_logins(address)
  local host, port = address:match("^(.*):(%d+)$")
  return host ~= nil
    and leads(host)
    and answer(host, tonumber(port), LOGIN, 1) == "R"
end

core.register_action("wait_for_primary", { "tcp-req" }, function(_, seconds)
  local last = core.now().sec + tonumber(seconds)
  while core.now().sec < last do
    local address = primary()
    if address and takes_logins(address) then return end
    core.msleep(200)
  end
end, 1)
