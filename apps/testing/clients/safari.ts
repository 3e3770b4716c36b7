/**
 * Safari 18, which was not recorded: put together from MDN (Accept values; Sec-Fetch-*, over HTTPS since 16.4) and from
 * published recordings.
 */
import { requests } from './client.ts'

const agent =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15'
const html = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
const image =
  'image/webp,image/avif,image/jxl,image/heic,image/heic-sequence,video/*;q=0.8,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5'

export const safari = requests(`
### Safari, a link over plain HTTP → page
GET /lists/42?filter=open HTTP/1.1
Host: {host}
Upgrade-Insecure-Requests: 1
Accept: ${html}
User-Agent: ${agent}
Accept-Language: en-GB,en;q=0.9
Accept-Encoding: gzip, deflate
Connection: keep-alive

### Safari, a link → page
GET /lists/42?filter=open HTTP/1.1
Host: {host}
Sec-Fetch-Dest: document
User-Agent: ${agent}
Accept: ${html}
Sec-Fetch-Site: none
Sec-Fetch-Mode: navigate
Accept-Language: en-GB,en;q=0.9
Priority: u=0, i
Accept-Encoding: gzip, deflate, br
Connection: keep-alive

### Safari on a phone, a link over plain HTTP → page
GET /lists/42?filter=open HTTP/1.1
Host: {host}
Upgrade-Insecure-Requests: 1
Accept: ${html}
User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1
Accept-Language: en-GB,en;q=0.9
Accept-Encoding: gzip, deflate
Connection: keep-alive

### Safari, fetch() over plain HTTP → held
GET /api/lists HTTP/1.1
Host: {host}
Accept: */*
User-Agent: ${agent}
Referer: http://{host}/
Accept-Language: en-GB,en;q=0.9
Accept-Encoding: gzip, deflate
Connection: keep-alive

### Safari, an image → held
GET /logo.png HTTP/1.1
Host: {host}
Sec-Fetch-Site: same-origin
Accept: ${image}
Sec-Fetch-Mode: no-cors
User-Agent: ${agent}
Referer: http://{host}/
Sec-Fetch-Dest: image
Accept-Language: en-GB,en;q=0.9
Priority: u=5, i
Accept-Encoding: gzip, deflate, br
Connection: keep-alive

### Safari, a preview of a page → robot
# Top Sites and link previews, as Apple introduced them with Safari 4.
GET /lists/42?filter=open HTTP/1.1
Host: {host}
Upgrade-Insecure-Requests: 1
Accept: ${html}
X-Purpose: preview
User-Agent: ${agent}
Accept-Language: en-GB,en;q=0.9
Accept-Encoding: gzip, deflate
Connection: keep-alive
`)
