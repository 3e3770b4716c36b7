/**
 * Recorded from Firefox 153 ESR on Debian 12: on `previews.example.com` over plain HTTP, where it sends no Sec-Fetch-*,
 * and on `*.localhost`, where it sends them as over HTTPS.
 */
import { requests } from './client.ts'

const agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0'
const html = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
const image = 'image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5'
const plain = `Accept-Language: en-US,en;q=0.9
Accept-Encoding: gzip, deflate`
const secure = `Accept-Language: en-US,en;q=0.9
Accept-Encoding: gzip, deflate, br, zstd`

export const firefox = requests(`
### Firefox, a link over plain HTTP → page
GET /lists/42?filter=open HTTP/1.1
Host: {host}
User-Agent: ${agent}
Accept: ${html}
${plain}
Connection: keep-alive
Referer: http://{host}/
Upgrade-Insecure-Requests: 1
Priority: u=0, i

### Firefox, a link → page
GET /lists/42?filter=open HTTP/1.1
Host: {host}
User-Agent: ${agent}
Accept: ${html}
${secure}
Referer: http://{host}/
Upgrade-Insecure-Requests: 1
Sec-Fetch-Dest: document
Sec-Fetch-Mode: navigate
Sec-Fetch-Site: same-origin
Connection: keep-alive
Priority: u=0, i

### Firefox, an iframe → page
GET /embed HTTP/1.1
Host: {host}
User-Agent: ${agent}
Accept: ${html}
${secure}
Connection: keep-alive
Referer: http://{host}/
Upgrade-Insecure-Requests: 1
Sec-Fetch-Dest: iframe
Sec-Fetch-Mode: navigate
Sec-Fetch-Site: same-origin
Priority: u=4

### Firefox, a navigation that went through a service worker → page
# Its Sec-Fetch-Mode is not that of a navigation; that it asks for an upgrade to HTTPS is.
GET /lists/42?filter=open HTTP/1.1
Host: {host}
User-Agent: ${agent}
Accept: ${html}
${secure}
Upgrade-Insecure-Requests: 1
Referer: http://{host}/
Connection: keep-alive
Sec-Fetch-Dest: empty
Sec-Fetch-Mode: same-origin
Sec-Fetch-Site: same-origin
Priority: u=4

### Firefox, fetch() of JSON over plain HTTP → held
GET /api/lists HTTP/1.1
Host: {host}
User-Agent: ${agent}
Accept: application/json
${plain}
Referer: http://{host}/
Connection: keep-alive
Priority: u=4

### Firefox, fetch() → held
GET /api/lists HTTP/1.1
Host: {host}
User-Agent: ${agent}
Accept: */*
${secure}
Referer: http://{host}/
Connection: keep-alive
Sec-Fetch-Dest: empty
Sec-Fetch-Mode: cors
Sec-Fetch-Site: same-origin
Priority: u=4

### Firefox, a CORS preflight → held
OPTIONS /api/lists/42 HTTP/1.1
Host: {host}
User-Agent: ${agent}
Accept: */*
${secure}
Access-Control-Request-Method: PUT
Access-Control-Request-Headers: authorization,content-type
Referer: http://other.{host}/
Origin: http://other.{host}
Connection: keep-alive
Sec-Fetch-Dest: empty
Sec-Fetch-Mode: cors
Sec-Fetch-Site: same-site
Priority: u=4

### Firefox, an image over plain HTTP → held
GET /logo.png HTTP/1.1
Host: {host}
User-Agent: ${agent}
Accept: ${image}
${plain}
Connection: keep-alive
Referer: http://{host}/
Priority: u=5, i

### Firefox, a service worker’s script → held
GET /worker.js HTTP/1.1
Host: {host}
User-Agent: ${agent}
Accept: */*
${secure}
Service-Worker: script
Connection: keep-alive
Sec-Fetch-Dest: serviceworker
Sec-Fetch-Mode: same-origin
Sec-Fetch-Site: same-origin
Priority: u=4
Pragma: no-cache
Cache-Control: no-cache

### Firefox, an EventSource → held
GET /events HTTP/1.1
Host: {host}
User-Agent: ${agent}
Accept: text/event-stream
${secure}
Connection: keep-alive
Referer: http://{host}/
Sec-Fetch-Dest: empty
Sec-Fetch-Mode: cors
Sec-Fetch-Site: same-origin
Priority: u=4
Pragma: no-cache
Cache-Control: no-cache

### Firefox, a WebSocket → held
GET /chat?room=1 HTTP/1.1
Host: {host}
User-Agent: ${agent}
Accept: */*
${secure}
Sec-WebSocket-Version: 13
Origin: http://{host}
Sec-WebSocket-Extensions: permessage-deflate
Sec-WebSocket-Key: 0RawejRTE4/7UYLertA4CA==
Connection: Upgrade
Sec-Fetch-Dest: empty
Sec-Fetch-Mode: websocket
Sec-Fetch-Site: same-origin
Pragma: no-cache
Cache-Control: no-cache
Upgrade: websocket

### Firefox, a prefetch over plain HTTP → robot
GET /lists HTTP/1.1
Host: {host}
User-Agent: ${agent}
Accept: ${html}
${plain}
Sec-Purpose: prefetch
Connection: keep-alive
Referer: http://{host}/
Priority: u=6

### Firefox, a prefetch → robot
GET /lists HTTP/1.1
Host: {host}
User-Agent: ${agent}
Accept: ${html}
${secure}
Referer: http://{host}/
Sec-Purpose: prefetch
Sec-Fetch-Dest: empty
Sec-Fetch-Mode: no-cors
Sec-Fetch-Site: same-origin
Connection: keep-alive
Priority: u=6

### Firefox before 100, a prefetch → robot
# From MDN's page on prefetching links.
GET /lists HTTP/1.1
Host: {host}
User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:91.0) Gecko/20100101 Firefox/91.0
Accept: */*
${plain}
X-Moz: prefetch
Connection: keep-alive
Referer: http://{host}/

### Firefox, the tab’s icon → robot
GET /favicon.ico HTTP/1.1
Host: {host}
User-Agent: ${agent}
Accept: ${image}
${plain}
Connection: keep-alive
Referer: http://{host}/
Priority: u=6
`)
