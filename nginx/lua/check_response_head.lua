-- Sees the head of every answer of an application, after nginx's own rules for headers and before it leaves for the client.

local limit_to_own_host = require 'limit_to_own_host'
local ngx = ngx

return function()
  local status = ngx.status

  -- One request gets one answer. nginx takes an interim answer (1xx) for the final one, and would pass on whatever comes
  -- after it as it is, past all rules; a client that knows better takes that for answers to requests of its own, to other
  -- hosts too. An answer without a status line that nginx understands (HTTP/0.9 to it) would pass whole.
  if status < 200 and not (status == 101 and ngx.var.upgrade == 'websocket') then
    -- Where nginx writes no head any more, not even Lotan's own page could be sent: the connection is cut.
    return ngx.exit(ngx.req.http_version() == 0.9 and ngx.ERROR or 520)
  end

  -- Some clients take a 204 with a length at its word, and the next answer for its body.
  if status == 204 then ngx.header['Content-Length'] = nil end
  -- What HTTP/2 forbids in an answer, and some clients refuse it for (RFC 9113, 8.2.2); nginx takes away the others.
  if status ~= 101 then ngx.header['Upgrade'] = nil end

  limit_to_own_host()
end
