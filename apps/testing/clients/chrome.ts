/**
 * Recorded from Chromium 156 on Debian 12: on `previews.example.com` over plain HTTP, where it sends no Sec-Fetch-*,
 * and on `*.localhost`, where it sends them as over HTTPS. Only "Headless" was removed from its user agent.
 */
import { requests } from './client.ts'

const agent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36'
const html =
  'text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7'
const image = 'image/jxl,image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8'
const who = `sec-ch-ua-platform: "Linux"
User-Agent: ${agent}
sec-ch-ua: "Not:A-Brand";v="8", "Chromium";v="156"
sec-ch-ua-mobile: ?0`
const hints = `sec-ch-ua: "Not:A-Brand";v="8", "Chromium";v="156"
sec-ch-ua-mobile: ?0
sec-ch-ua-platform: "Linux"`
const plain = `Accept-Encoding: gzip, deflate
Accept-Language: en-US,en;q=0.9`
const secure = `Accept-Encoding: gzip, deflate, br, zstd
Accept-Language: en-US,en;q=0.9`

export const chrome = requests(`
### Chrome, a link over plain HTTP → page
GET /lists/42?filter=open HTTP/1.1
Host: {host}
Connection: keep-alive
Upgrade-Insecure-Requests: 1
User-Agent: ${agent}
Accept: ${html}
Referer: http://{host}/
${plain}

### Chrome, the address bar → page
GET /lists/42?filter=open HTTP/1.1
Host: {host}
Connection: keep-alive
${hints}
Upgrade-Insecure-Requests: 1
User-Agent: ${agent}
Accept: ${html}
Sec-Fetch-Site: none
Sec-Fetch-Mode: navigate
Sec-Fetch-User: ?1
Sec-Fetch-Dest: document
${secure}

### Chrome, a link → page
GET /lists/42?filter=open HTTP/1.1
Host: {host}
Connection: keep-alive
${hints}
Upgrade-Insecure-Requests: 1
User-Agent: ${agent}
Accept: ${html}
Sec-Fetch-Site: same-origin
Sec-Fetch-Mode: navigate
Sec-Fetch-User: ?1
Sec-Fetch-Dest: document
Referer: http://{host}/
${secure}

### Chrome, an iframe → page
GET /embed HTTP/1.1
Host: {host}
Connection: keep-alive
${hints}
Upgrade-Insecure-Requests: 1
User-Agent: ${agent}
Accept: ${html}
Sec-Fetch-Site: same-origin
Sec-Fetch-Mode: navigate
Sec-Fetch-Dest: iframe
Referer: http://{host}/
${secure}

### Chrome, a navigation that went through a service worker → page
GET /lists/42?filter=open HTTP/1.1
Host: {host}
Connection: keep-alive
sec-ch-ua-platform: "Linux"
User-Agent: ${agent}
Accept: ${html}
sec-ch-ua: "Not:A-Brand";v="8", "Chromium";v="156"
Upgrade-Insecure-Requests: 1
sec-ch-ua-mobile: ?0
Sec-Fetch-Site: same-origin
Sec-Fetch-Mode: navigate
Sec-Fetch-Dest: empty
Referer: http://{host}/
${secure}

### Chrome, fetch() of HTML over plain HTTP → page
# Over plain HTTP nothing tells this from a navigation but that it does not ask for an upgrade to HTTPS.
GET /fragments/list HTTP/1.1
Host: {host}
Connection: keep-alive
User-Agent: ${agent}
Accept: text/html
Referer: http://{host}/
${plain}

### Chrome, fetch() of HTML → held
GET /fragments/list HTTP/1.1
Host: {host}
Connection: keep-alive
sec-ch-ua-platform: "Linux"
User-Agent: ${agent}
Accept: text/html
sec-ch-ua: "Not:A-Brand";v="8", "Chromium";v="156"
sec-ch-ua-mobile: ?0
Sec-Fetch-Site: same-origin
Sec-Fetch-Mode: cors
Sec-Fetch-Dest: empty
Referer: http://{host}/
${secure}

### Chrome, fetch() over plain HTTP → held
GET /api/lists HTTP/1.1
Host: {host}
Connection: keep-alive
User-Agent: ${agent}
Accept: */*
Referer: http://{host}/
${plain}

### Chrome, fetch() of JSON → held
GET /api/lists HTTP/1.1
Host: {host}
Connection: keep-alive
sec-ch-ua-platform: "Linux"
User-Agent: ${agent}
Accept: application/json
sec-ch-ua: "Not:A-Brand";v="8", "Chromium";v="156"
sec-ch-ua-mobile: ?0
Sec-Fetch-Site: same-origin
Sec-Fetch-Mode: cors
Sec-Fetch-Dest: empty
Referer: http://{host}/
${secure}

### Chrome, fetch() with a body → held
POST /api/lists HTTP/1.1
Host: {host}
Connection: keep-alive
Content-Length: 19
sec-ch-ua-platform: "Linux"
User-Agent: ${agent}
sec-ch-ua: "Not:A-Brand";v="8", "Chromium";v="156"
Content-Type: application/json
sec-ch-ua-mobile: ?0
Accept: */*
Origin: http://{host}
Sec-Fetch-Site: same-origin
Sec-Fetch-Mode: cors
Sec-Fetch-Dest: empty
Referer: http://{host}/
${secure}

{"text":"buy milk"}

### Chrome, XMLHttpRequest → held
GET /api/lists HTTP/1.1
Host: {host}
Connection: keep-alive
sec-ch-ua-platform: "Linux"
X-Requested-With: XMLHttpRequest
User-Agent: ${agent}
sec-ch-ua: "Not:A-Brand";v="8", "Chromium";v="156"
sec-ch-ua-mobile: ?0
Accept: */*
Sec-Fetch-Site: same-origin
Sec-Fetch-Mode: cors
Sec-Fetch-Dest: empty
Referer: http://{host}/
${secure}

### Chrome, a CORS preflight → held
OPTIONS /api/lists/42 HTTP/1.1
Host: {host}
Connection: keep-alive
Accept: */*
Access-Control-Request-Method: PUT
Access-Control-Request-Headers: authorization,content-type
Origin: http://other.{host}
User-Agent: ${agent}
Sec-Fetch-Mode: cors
Sec-Fetch-Site: same-site
Sec-Fetch-Dest: empty
Referer: http://other.{host}/
${secure}

### Chrome, a form over plain HTTP → held
POST /lists HTTP/1.1
Host: {host}
Connection: keep-alive
Content-Length: 5
Cache-Control: max-age=0
Upgrade-Insecure-Requests: 1
Content-Type: application/x-www-form-urlencoded
User-Agent: ${agent}
Origin: http://{host}
Accept: ${html}
Referer: http://{host}/
${plain}

a=b+c

### Chrome, an image → held
GET /logo.png HTTP/1.1
Host: {host}
Connection: keep-alive
${who}
Accept: ${image}
Sec-Fetch-Site: same-origin
Sec-Fetch-Mode: no-cors
Sec-Fetch-Dest: image
Referer: http://{host}/
${secure}

### Chrome, a script → held
GET /app.js?v=1 HTTP/1.1
Host: {host}
Connection: keep-alive
${who}
Accept: */*
Sec-Fetch-Site: same-origin
Sec-Fetch-Mode: no-cors
Sec-Fetch-Dest: script
Referer: http://{host}/
${secure}

### Chrome, a stylesheet → held
GET /style.css HTTP/1.1
Host: {host}
Connection: keep-alive
${who}
Accept: text/css,*/*;q=0.1
Sec-Fetch-Site: same-origin
Sec-Fetch-Mode: no-cors
Sec-Fetch-Dest: style
Referer: http://{host}/
${secure}

### Chrome, a font → held
GET /font.woff2 HTTP/1.1
Host: {host}
Connection: keep-alive
Origin: http://{host}
${who}
Accept: */*
Sec-Fetch-Site: same-origin
Sec-Fetch-Mode: cors
Sec-Fetch-Dest: font
Referer: http://{host}/
${secure}

### Chrome, a service worker’s script → held
GET /worker.js HTTP/1.1
Host: {host}
Connection: keep-alive
Cache-Control: max-age=0
Accept: */*
Service-Worker: script
Sec-Fetch-Site: same-origin
Sec-Fetch-Mode: same-origin
Sec-Fetch-Dest: serviceworker
Referer: http://{host}/
User-Agent: ${agent}
${secure}

### Chrome, fetch() in a service worker → held
GET /api/lists HTTP/1.1
Host: {host}
Connection: keep-alive
sec-ch-ua-platform: "Linux"
User-Agent: ${agent}
Accept: */*
sec-ch-ua: "Not:A-Brand";v="8", "Chromium";v="156"
sec-ch-ua-mobile: ?0
Sec-Fetch-Site: same-origin
Sec-Fetch-Mode: cors
Sec-Fetch-Dest: empty
Referer: http://{host}/
${secure}

### Chrome, an EventSource → held
GET /events HTTP/1.1
Host: {host}
Connection: keep-alive
Pragma: no-cache
Cache-Control: no-cache
sec-ch-ua-platform: "Linux"
User-Agent: ${agent}
Accept: text/event-stream
sec-ch-ua: "Not:A-Brand";v="8", "Chromium";v="156"
sec-ch-ua-mobile: ?0
Sec-Fetch-Site: same-origin
Sec-Fetch-Mode: cors
Sec-Fetch-Dest: empty
Referer: http://{host}/
${secure}

### Chrome, a WebSocket → held
GET /chat?room=1 HTTP/1.1
Host: {host}
Connection: Upgrade
Pragma: no-cache
Cache-Control: no-cache
User-Agent: ${agent}
Upgrade: websocket
Origin: http://{host}
Sec-WebSocket-Version: 13
${secure}
Sec-WebSocket-Key: 2kpDYNV0c6Umhp01KqS/DA==
Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits

### Chrome, gRPC-web → held
POST /todo.v1.Todo/List HTTP/1.1
Host: {host}
Connection: keep-alive
Content-Length: 5
sec-ch-ua-platform: "Linux"
X-User-Agent: grpc-web-javascript/0.1
sec-ch-ua: "Not:A-Brand";v="8", "Chromium";v="156"
sec-ch-ua-mobile: ?0
User-Agent: ${agent}
Accept: application/grpc-web+proto
Content-Type: application/grpc-web+proto
X-Grpc-Web: 1
Origin: http://{host}
Sec-Fetch-Site: same-origin
Sec-Fetch-Mode: cors
Sec-Fetch-Dest: empty
Referer: http://{host}/
${secure}

\0\0\0\0\0

### Chrome, a prefetch over plain HTTP → robot
GET /lists HTTP/1.1
Host: {host}
Connection: keep-alive
User-Agent: ${agent}
Sec-Purpose: prefetch
Accept: ${html}
Referer: http://{host}/
${plain}

### Chrome, a prefetch → robot
GET /lists HTTP/1.1
Host: {host}
Connection: keep-alive
sec-ch-ua-platform: "Linux"
User-Agent: ${agent}
sec-ch-ua: "Not:A-Brand";v="8", "Chromium";v="156"
Sec-Purpose: prefetch
sec-ch-ua-mobile: ?0
Accept: ${html}
Sec-Fetch-Site: same-origin
Sec-Fetch-Mode: no-cors
Sec-Fetch-Dest: empty
Referer: http://{host}/
${secure}

### Chrome, a speculative prefetch → robot
GET /lists HTTP/1.1
Host: {host}
Connection: keep-alive
Upgrade-Insecure-Requests: 1
Sec-Purpose: prefetch
Sec-Speculation-Tags: null
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,image/apng,*/*;q=0.8
${hints}
Sec-Fetch-Site: none
Sec-Fetch-Mode: navigate
Sec-Fetch-Dest: document
Referer: http://{host}/
User-Agent: ${agent}
${secure}

### Chrome, a prerender → robot
GET /lists HTTP/1.1
Host: {host}
Connection: keep-alive
Upgrade-Insecure-Requests: 1
Sec-Purpose: prefetch;prerender
Sec-Speculation-Tags: null
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,image/apng,*/*;q=0.8
${hints}
Sec-Fetch-Site: none
Sec-Fetch-Mode: navigate
Sec-Fetch-Dest: document
Referer: http://{host}/
User-Agent: ${agent}
${secure}

### Chrome before 103, a prefetch → robot
# From Chromium's notes on the change to Sec-Purpose.
GET /lists HTTP/1.1
Host: {host}
Connection: keep-alive
Purpose: prefetch
User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/102.0.0.0 Safari/537.36
Accept: */*
Referer: http://{host}/
${plain}

### Chrome, the tab’s icon → robot
GET /favicon.ico HTTP/1.1
Host: {host}
Connection: keep-alive
${who}
Accept: ${image}
Sec-Fetch-Site: same-origin
Sec-Fetch-Mode: no-cors
Sec-Fetch-Dest: image
Referer: http://{host}/
${secure}
`)
