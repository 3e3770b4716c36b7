-- What of a request lets it through the gate: passes, which are cookies of the preview's own host, and the token of a
-- program. The router is told of them; the application is not.

local ngx = ngx
local LENGTH = 43 -- of a secret (apps/shared/secret.ts)
local MOST_KNOWN = 100

-- All of the name: a sibling may set more for the whole domain, and browsers may send those first.
-- Returns their values, and the cookies that are left.
local function split(cookies, name)
  local passes, others = {}, {}
  for pair in cookies:gmatch('[^;]+') do
    local found, value = pair:match('^%s*([^=]-)%s*=%s*(.-)%s*$')
    if found ~= name then
      others[#others + 1] = pair:match('^%s*(.-)%s*$')
    elseif #value == LENGTH and not value:find('[^%w_-]') then
      passes[#passes + 1] = value
    end
  end
  return table.concat(passes, ','), table.concat(others, '; ')
end

-- A browser sends the same again and again: it is read and hashed once.
local known, count = {}, 0

local function read(cookies, bypass, name)
  local sent = bypass .. '\n' .. cookies
  local found = known[sent]
  if found then return found end
  local passes, own = '', cookies
  if cookies:find(name, 1, true) then
    passes, own = split(cookies, name)
  end
  local letters = passes .. ' ' .. bypass
  found = { passes = passes, own = own, key = letters ~= ' ' and ngx.encode_base64(ngx.sha1_bin(letters)) or '' }
  if #sent > 4096 then return found end
  if count == MOST_KNOWN then
    known, count = {}, 0
  end
  known[sent], count = found, count + 1
  return found
end

-- Returns $passes. Sets $pass_key, which is another for each set of them, so that one visitor's pass opens nothing to
-- another through the cache of routes; $own_cookies, which the application may see; and $is_stranger, where there is
-- nothing for the router to decide.
return function(name)
  local var = ngx.var
  local cookies = var.http_cookie or ''
  local found = read(cookies, var.http_lotan_bypass or '', name)
  var.own_cookies = found.own
  var.pass_key = found.key
  if found.key == '' and var.preflight == '' then var.is_stranger = 'stranger' end
  return found.passes
end
