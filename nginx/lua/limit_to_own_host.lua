-- What an application answers is about its own host alone. Other previews and the admin page share its domain: so what a
-- browser would take for more than this host is cut back to it. And an address inside of the container becomes the one
-- that visitors see.

local ngx = ngx
local MOST = 100 -- as many values of one header `ngx.header` reads
local OF_ORIGIN = { cache = true, storage = true, executioncontexts = true, prefetchcache = true, prerendercache = true }
local ADDRESSES = { 'Location', 'Content-Location' }

-- All values of a header, as a list; nil where there is none.
local function values_of(name)
  local found = ngx.header[name]
  if not found or type(found) == 'string' then return found and { found } end
  if #found < MOST then return found end
  return ngx.resp.get_headers(0)[name:lower()]
end

-- A cookie's attributes begin at its first semicolon, quotes or not (RFC 6265bis, 5.6). Whatever is not a letter is passed
-- over in their names: browsers trim spaces and tabs, and no other attribute has these letters.
local function of_own_host(cookie, own)
  local cut = cookie:gsub(';([^;]*)', function(attribute)
    local name, value = attribute:match('^([^=]*)=?(.*)$')
    if name:gsub('%A', ''):lower() ~= 'domain' then return nil end
    -- Without a value it means this host already, and those below are none of it.
    return (own == '' or not value:find('%S')) and '' or '; Domain=' .. own
  end)
  return cut
end

-- The pass of its visitor is not the application's to replace: each answer would throw the visitor out.
local function cookies()
  local all = values_of('Set-Cookie')
  if not all then return end
  local own = ngx.var.cookie_host
  local kept = {}
  for _, cookie in ipairs(all) do
    if not cookie:find('^[%s_%-Host]*lotan%-pass%s*=') then kept[#kept + 1] = of_own_host(cookie, own) end
  end
  ngx.header['Set-Cookie'] = kept
end

-- "cookies" and "clientHints" are cleared for the whole domain, and "*" is all of them (Clear Site Data, 4.2).
local function site_data()
  local asked = values_of('Clear-Site-Data')
  if not asked then return end
  local kept = {}
  for kind in table.concat(asked, ','):gmatch('"([^",]*)"') do
    if OF_ORIGIN[kind:lower()] then kept[#kept + 1] = '"' .. kind .. '"' end
    if kind == '*' then kept[#kept + 1] = '"cache", "storage", "executionContexts"' end
  end
  ngx.header['Clear-Site-Data'] = kept[1] and table.concat(kept, ', ')
end

-- Hosts below this one may be other previews.
local function transport()
  local said = values_of('Strict-Transport-Security')
  if not said then return end
  local own = said[1]:gsub(';?%s*[iI][nN][cC][lL][uU][dD][eE][sS][uU][bB][dD][oO][mM][aA][iI][nN][sS][^;]*', '')
  ngx.header['Strict-Transport-Security'] = own
end

-- An absolute http address of this very host, at the container's port, the public one or none, as visitors reach it.
local function public(address)
  local host, port, rest = address:match('^[hH][tT][tT][pP]://([^/?#:@\\]+):?(%d*)(.*)$')
  if not host then
    host, port, rest = address:match('^//([^/?#:@\\]+):?(%d*)(.*)$')
  end
  if not host or not rest:find('^[/?#]') and rest ~= '' then return nil end
  local var = ngx.var
  if host:lower():gsub('%.$', '') ~= var.host then return nil end
  if port ~= '' and port ~= var.app_port and port ~= var.port_seen then return nil end
  local scheme, public_port = var.scheme_seen, var.port_seen
  local usual = public_port == (scheme == 'https' and '443' or '80')
  return scheme .. '://' .. var.host .. (usual and '' or ':' .. public_port) .. rest
end

local function addresses()
  for _, name in ipairs(ADDRESSES) do
    local said = values_of(name)
    local seen = said and public(said[1])
    if seen then ngx.header[name] = seen end
  end
  local refresh = values_of('Refresh')
  if not refresh then return end
  local before, address, after = refresh[1]:match('^(%s*[%d.]+%s*[;,]%s*[uU][rR][lL]%s*=%s*["\']?)([^"\']+)(.*)$')
  local seen = address and public(address)
  if seen then ngx.header['Refresh'] = before .. seen .. after end
end

return function()
  cookies()
  site_data()
  transport()
  addresses()
end
