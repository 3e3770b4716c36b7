/**
 * Programs, recorded on Debian 12 unless noted, in the versions their user agents name. Turbo's request follows its
 * source.
 */
import { requests } from './client.ts'

export const programs = requests(`
### curl → held
GET /api/lists HTTP/1.1
Host: {host}
User-Agent: curl/7.88.1
Accept: */*

### curl, a POST → held
POST /api/lists HTTP/1.1
Host: {host}
User-Agent: curl/7.88.1
Accept: */*
Content-Type: application/json
Content-Length: 19

{"text":"buy milk"}

### curl -I → held
HEAD /api/lists HTTP/1.1
Host: {host}
User-Agent: curl/7.88.1
Accept: */*

### Turbo, the page behind a link → held
GET /lists/42 HTTP/1.1
Host: {host}
Connection: keep-alive
User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36
Accept: text/html, application/xhtml+xml
Sec-Fetch-Site: same-origin
Sec-Fetch-Mode: cors
Sec-Fetch-Dest: empty
Referer: http://{host}/

### curl -I that accepts HTML → page
HEAD /lists/42 HTTP/1.1
Host: {host}
User-Agent: curl/7.88.1
Accept: text/html

### curl, a POST without a length → held
POST /api/lists HTTP/1.1
Host: {host}
User-Agent: curl/7.88.1
Accept: */*
Transfer-Encoding: chunked
Content-Type: application/x-www-form-urlencoded

buy milk

### wget → held
GET /api/lists HTTP/1.1
Host: {host}
User-Agent: Wget/1.21.3
Accept: */*
Accept-Encoding: identity
Connection: Keep-Alive

### Python’s urllib → held
GET /api/lists HTTP/1.1
Accept-Encoding: identity
Host: {host}
User-Agent: Python-urllib/3.11
Connection: close

### requests → held
GET /api/lists HTTP/1.1
Host: {host}
User-Agent: python-requests/2.34.2
Accept-Encoding: gzip, deflate
Accept: */*
Connection: keep-alive

### httpx → held
GET /api/lists HTTP/1.1
Host: {host}
Accept: */*
Accept-Encoding: gzip, deflate
Connection: keep-alive
User-Agent: python-httpx/0.28.1

### aiohttp → held
GET /api/lists HTTP/1.1
Host: {host}
Accept: */*
Accept-Encoding: gzip, deflate
User-Agent: Python/3.11 aiohttp/3.14.3

### Go’s net/http → held
# Go 1.19.
GET /api/lists HTTP/1.1
Host: {host}
User-Agent: Go-http-client/1.1
Accept-Encoding: gzip

### Java’s HttpClient → held
# It would like to go on in HTTP/2, and can do without.
GET /api/lists HTTP/1.1
Connection: Upgrade, HTTP2-Settings
Content-Length: 0
Host: {host}
HTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA
Upgrade: h2c
User-Agent: Java-http-client/17.0.15

### Java’s HttpClient, a POST → held
POST /api/lists HTTP/1.1
Connection: Upgrade, HTTP2-Settings
Content-Length: 19
Host: {host}
HTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA
Upgrade: h2c
User-Agent: Java-http-client/17.0.15
Content-Type: application/json

{"text":"buy milk"}

### Java’s HttpClient, a WebSocket → held
GET /chat HTTP/1.1
Connection: Upgrade
Content-Length: 0
Host: {host}
Upgrade: websocket
User-Agent: Java-http-client/17.0.15
Sec-WebSocket-Key: ztiSAQH6GOVDL2x7duZOiA==
Sec-WebSocket-Version: 13

### Java’s URL.openStream → page
# It says that it likes HTML best, so HTML it gets.
GET /api/lists HTTP/1.1
User-Agent: Java/17.0.15
Host: {host}
Accept: text/html, image/gif, image/jpeg, */*; q=0.2
Connection: keep-alive

### okhttp → held
GET /api/lists HTTP/1.1
Host: {host}
Connection: Keep-Alive
Accept-Encoding: gzip
User-Agent: okhttp/3.13.1

### Node’s fetch() → held
# Node 24.21.
GET /api/lists HTTP/1.1
host: {host}
connection: keep-alive
accept: */*
accept-language: *
sec-fetch-mode: cors
user-agent: node
accept-encoding: gzip, deflate

### Node’s fetch(), a stream → held
POST /api/lists HTTP/1.1
host: {host}
connection: keep-alive
accept: */*
accept-language: *
sec-fetch-mode: cors
user-agent: node
accept-encoding: gzip, deflate
transfer-encoding: chunked

buy milk

### axios → held
GET /api/lists HTTP/1.1
Accept: application/json, text/plain, */*
User-Agent: axios/1.21.1
Accept-Encoding: gzip, compress, deflate, br
Host: {host}
Connection: keep-alive

### ws → held
# ws 8.23.
GET /chat HTTP/1.1
Sec-WebSocket-Version: 13
Sec-WebSocket-Key: d+8vvBIg3WCBWbFbqrVmEw==
Connection: Upgrade
Upgrade: websocket
Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits
Host: {host}

### Playwright’s APIRequest → held
GET /api/lists HTTP/1.1
user-agent: Playwright/1.65.1 (x64; debian 12) node/24.21
accept: */*
accept-encoding: gzip,deflate,br
Host: {host}
Connection: keep-alive

### git clone → held
GET /todo.git/info/refs?service=git-upload-pack HTTP/1.1
Host: {host}
User-Agent: git/2.39.5
Accept: */*
Accept-Encoding: deflate, gzip, br, zstd
Accept-Language: C, *;q=0.9
Pragma: no-cache
Git-Protocol: version=2

### Postman → held
# From Postman's documentation of the headers it makes by itself.
POST /api/lists HTTP/1.1
Content-Type: application/json
User-Agent: PostmanRuntime/7.43.0
Accept: */*
Cache-Control: no-cache
Postman-Token: 16e283c7-37dd-4885-878f-cbc54a1f3ebf
Host: {host}
Accept-Encoding: gzip, deflate, br
Connection: keep-alive
Content-Length: 19

{"text":"buy milk"}
`)
