-- Passes a request on to an application that sends interim answers (RFC 9110, 15.2: 100, 102, 103), which nginx takes for
-- the final one. nginx sends such a request here, to itself; this passes its bytes on to the container, and the
-- container's bytes back, from the head of the final answer on. nginx reads that as any other answer, by the same rules.
--
-- One header says where to and how long to try. nginx sets it, and it goes no further. What must not be passed on ends the
-- connection without an answer, which nginx takes for a failed container: 502.

local MOST_INTERIM = 32 * 1024 -- bytes of interim answers before a final one
local PIECE = 64 * 1024
local LINGER = 1 -- seconds
local SEND_MS = 600 * 1000
local READ_MS = 24 * 3600 * 1000

-- Of a head that starts at `from`, where the next thing begins; nil while it has not ended. As nginx, both line ends.
local function head_end(bytes, from)
  local _, long = bytes:find('\n\r\n', from, true)
  local _, short = bytes:find('\n\n', from, true)
  if long and short then return math.min(long, short) + 1 end
  local last = long or short
  return last and last + 1
end

-- Reads up to the final answer's status line. Returns the bytes from there on, or nil where none comes.
local function final_answer(app, upgrade_asked)
  local bytes = ''
  local swallowed = 0
  while true do
    local line_end = bytes:find('\n', 1, true)
    local status = line_end and tonumber(bytes:match('^HTTP/1%.[01] (%d%d%d)[ \r\n]'))
    if line_end and not (status and status >= 100) then return nil end
    if status == 101 and not upgrade_asked then return nil end
    if line_end and (status >= 200 or status == 101) then return bytes end
    local next_one = line_end and head_end(bytes, 1)
    if next_one then
      swallowed = swallowed + next_one - 1
      bytes = bytes:sub(next_one)
    end
    if swallowed + (next_one and 0 or #bytes) > MOST_INTERIM then return nil end
    if not next_one then
      local more = app:receiveany(PIECE)
      if not more then return nil end
      bytes = bytes .. more
    end
  end
end

-- The request's head as nginx read it, in the order in which it came. Of ngx.req.raw_header only the order is taken: of a
-- value that ends in a space, as HTTP/2 allows, it makes a value and an empty line, which would end the head early and
-- leave the rest for a request of its own.
local function head_of(headers)
  local lines = { ngx.var.request }
  local function add(name)
    local values = headers[name]
    local value = type(values) == 'table' and table.remove(values, 1) or values
    lines[#lines + 1] = name .. ': ' .. value
    if value == values or #values == 0 then headers[name] = nil end
  end
  for line in ngx.req.raw_header(true):gmatch('[^\r\n]+') do
    local name = line:match('^([^:]+):')
    if name and headers[name] then add(name) end
  end
  for name in pairs(headers) do
    while headers[name] do
      add(name)
    end
  end
  return table.concat(lines, '\r\n') .. '\r\n\r\n'
end

local function send_request(app, visitor, head)
  local bytes = head
  local reads_on = true
  while bytes do
    -- An application may answer before it has read all, and read no more. What comes is taken all the same: by an error
    -- nginx would be kept from the answer.
    reads_on = reads_on and app:send(bytes)
    bytes = visitor:receiveany(PIECE)
  end
  -- nginx has its answer, or the visitor left.
end

-- Returns whether the application answered.
local function send_answer(app, visitor, upgrade_asked)
  local bytes = final_answer(app, upgrade_asked)
  local answered = bytes ~= nil
  while bytes do
    if not visitor:send(bytes) then return answered end
    bytes = app:receiveany(PIECE)
  end
  return answered
end

-- nginx closes the connection when it has all of the answer; it is closed here only where nginx cannot know that.
local function linger()
  ngx.sleep(LINGER)
end

return function()
  local headers = ngx.req.get_headers(0, true)
  local host, port, patience, call = tostring(headers['X-Lotan-Relay']):match('^([%d.]+):(%d+) (%d+) ?(%a*)$')
  local upgrade_asked = headers['Upgrade'] == 'websocket' -- as nginx writes it
  headers['X-Lotan-Relay'] = nil
  local head = head_of(headers)

  local visitor = host and ngx.req.socket(true)
  if not visitor then return ngx.exit(ngx.HTTP_CLOSE) end
  visitor:settimeouts(SEND_MS, SEND_MS, READ_MS)

  local app = ngx.socket.tcp()
  app:settimeouts(tonumber(patience), SEND_MS, READ_MS)
  if not app:connect(host, tonumber(port)) then return ngx.exit(ngx.HTTP_CLOSE) end
  -- As proxy_socket_keepalive does where there is no relay: the reaper knows another preview's connection by it.
  if call == 'call' then app:setoption('keepalive', true) end

  local asking = ngx.thread.spawn(send_request, app, visitor, head)
  local answering = ngx.thread.spawn(send_answer, app, visitor, upgrade_asked)
  local _, answered = ngx.thread.wait(asking, answering)
  if answered then ngx.thread.wait(asking, ngx.thread.spawn(linger)) end
  ngx.thread.kill(asking)
  ngx.thread.kill(answering)
  app:close()
  return ngx.exit(ngx.HTTP_CLOSE)
end
