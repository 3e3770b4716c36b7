-- A request that waits for a preview keeps its headers in nginx's memory all the while, which may be 768 kB of them
-- (http/limits). More than this is not held: 2000 requests (LOTAN_MAX_HELD) are 128 MB then, and not 1.5 GB. Browsers send
-- 30 kB of cookies at most (@too_many_cookies), and few servers take more than 32 kB of headers.
local MOST = 64 * 1024

local function bytes_of(value)
  if type(value) ~= 'table' then return #tostring(value) end
  local sum = 0
  for _, one in ipairs(value) do
    sum = sum + bytes_of(one)
  end
  return sum
end

return function()
  local bytes = #ngx.var.request_uri
  for name, value in pairs(ngx.req.get_headers(0, true)) do
    bytes = bytes + #name + bytes_of(value)
  end
  if bytes > MOST then return ngx.exit(494) end
end
