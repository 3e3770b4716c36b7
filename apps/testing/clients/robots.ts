/**
 * Link-preview bots and search engines. Their makers document the user agents (api.slack.com/robots,
 * developers.facebook.com with a whole request, developers.google.com, bing.com/webmasters); the other headers are
 * likely ones.
 */
import { requests } from './client.ts'

export const robots = requests(`
### Slack, a link in a message → robot
GET /lists/42 HTTP/1.1
Host: {host}
User-Agent: Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)
Range: bytes=0-32768
Accept: */*
Accept-Encoding: gzip, deflate
Connection: close

### Slack, an image in a message → robot
GET /logo.png HTTP/1.1
Host: {host}
User-Agent: Slack-ImgProxy (+https://api.slack.com/robots)
Accept: */*
Connection: close

### Slack, an event → held
# What a robot sends is a program's request: as api.slack.com/apis/events-api documents it.
POST /slack/events HTTP/1.1
Host: {host}
User-Agent: Slackbot 1.0 (+https://api.slack.com/robots)
Accept-Encoding: gzip,deflate
Accept: application/json,*/*
X-Slack-Signature: v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503
X-Slack-Request-Timestamp: 1531420618
Content-Length: 27
Content-Type: application/json

{"type":"url_verification"}

### Facebook → robot
GET /lists/42 HTTP/1.1
Host: {host}
User-Agent: facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)
Accept: */*
Accept-Encoding: deflate, gzip
Range: bytes=0-524288
Connection: close

### X → robot
GET /lists/42 HTTP/1.1
Host: {host}
User-Agent: Twitterbot/1.0
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8
Accept-Encoding: gzip, deflate

### WhatsApp → robot
GET /lists/42 HTTP/1.1
Host: {host}
User-Agent: WhatsApp/2.24.6.77 A
Accept: */*
Accept-Encoding: gzip
Connection: Keep-Alive

### Teams → robot
GET /lists/42 HTTP/1.1
Host: {host}
User-Agent: Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8
Accept-Encoding: gzip, deflate
Connection: close

### Discord → robot
GET /lists/42 HTTP/1.1
Host: {host}
User-Agent: Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8
Accept-Encoding: gzip, deflate
Connection: close

### Telegram → robot
GET /lists/42 HTTP/1.1
Host: {host}
User-Agent: TelegramBot (like TwitterBot)
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8
Accept-Encoding: gzip, deflate
Connection: close

### LinkedIn → robot
GET /lists/42 HTTP/1.1
Host: {host}
User-Agent: LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8
Accept-Encoding: gzip, deflate
Connection: close

### iMessage → robot
GET /lists/42 HTTP/1.1
Host: {host}
User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8
Accept-Encoding: gzip, deflate
Connection: close

### Googlebot → robot
GET /lists/42 HTTP/1.1
Host: {host}
Connection: keep-alive
Accept: text/html,application/xhtml+xml,application/signed-exchange;v=b3,application/xml;q=0.9,*/*;q=0.8
From: googlebot(at)googlebot.com
User-Agent: Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1; +http://www.google.com/bot.html) Chrome/140.0.0.0 Safari/537.36
Accept-Encoding: gzip, deflate, br

### Googlebot, as a phone → robot
GET /lists/42 HTTP/1.1
Host: {host}
Connection: keep-alive
Accept: text/html,application/xhtml+xml,application/signed-exchange;v=b3,application/xml;q=0.9,*/*;q=0.8
From: googlebot(at)googlebot.com
User-Agent: Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)
Accept-Encoding: gzip, deflate, br

### Googlebot, robots.txt → robot
GET /robots.txt HTTP/1.1
Host: {host}
Connection: keep-alive
Accept: text/plain,text/html;q=0.9
User-Agent: Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)
Accept-Encoding: gzip, deflate, br

### bingbot → robot
GET /lists/42 HTTP/1.1
Host: {host}
User-Agent: Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/136.0.0.0 Safari/537.36
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8
Accept-Encoding: gzip, deflate
Connection: close

### a crawler without a name, robots.txt → robot
# A program that honours robots.txt asks for it before anything else, under any name.
GET /robots.txt HTTP/1.1
Accept-Encoding: identity
Host: {host}
User-Agent: Python-urllib/3.11
Connection: close
`)
