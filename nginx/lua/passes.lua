-- What of a request lets it through the gate: passes, which are cookies of the preview's own host, and the token of a
-- program. The router is told of them; the application is not.

local ngx = ngx
local LENGTH = 43 -- of a secret (apps/shared/secret.ts)

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
  return passes, table.concat(others, '; ')
end

-- Sets $passes; $pass_key, which is another for each set of them, so that one visitor's pass opens nothing to another
-- through the cache of routes; and $own_cookies, which the application may see. A lookup runs it once more, for itself.
return function(name)
  local var = ngx.var
  local cookies = var.http_cookie or ''
  local passes = {}
  if cookies:find(name, 1, true) then
    passes, cookies = split(cookies, name)
  end
  var.own_cookies = cookies
  local told = table.concat(passes, ',')
  local bypass = var.http_lotan_bypass or ''
  var.pass_key = (told ~= '' or bypass ~= '') and ngx.encode_base64(ngx.sha1_bin(told .. ' ' .. bypass)) or ''
  return told
end
