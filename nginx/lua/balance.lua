-- Where the upstream group `elsewhere` connects to: the address that the router has answered.

local balancer = require 'ngx.balancer'
local ngx = ngx

return function()
  local host, port = ngx.var.upstream:match('^([%d.]+):(%d+)$')
  assert(balancer.set_current_peer(host, tonumber(port)))
end
