/** Uptime monitors. */
import { requests } from './client.ts'

export const monitors = requests(`
### Prometheus → robot
# Recorded on Debian 12: Prometheus 2.42 and its blackbox exporter 0.23.
GET /metrics HTTP/1.1
Host: {host}
User-Agent: Prometheus/2.42.0+ds
Accept: application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1
Accept-Encoding: gzip
X-Prometheus-Scrape-Timeout-Seconds: 1

### Prometheus’s blackbox exporter → robot
GET / HTTP/1.1
Host: {host}
User-Agent: Blackbox Exporter/0.23.0
Connection: close

### a Kubernetes probe → robot
# From Kubernetes' source (pkg/probe/http), AWS's and Google Cloud's documentation of their load balancers.
GET /healthz HTTP/1.1
Host: {host}
User-Agent: kube-probe/1.33
Accept: */*
Connection: close

### an AWS load balancer → robot
GET / HTTP/1.1
Host: {host}
Connection: close
User-Agent: ELB-HealthChecker/2.0
Accept-Encoding: gzip, compressed

### a Google Cloud load balancer → robot
GET / HTTP/1.1
Host: {host}
Connection: Keep-alive
User-Agent: GoogleHC/1.0

### UptimeRobot → robot
# By the user agents that these services document; Uptime Kuma asks with axios.
HEAD / HTTP/1.1
Host: {host}
User-Agent: Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8
Accept-Encoding: gzip, deflate
Connection: close

### UptimeRobot, a POST → held
POST /hooks/deployed HTTP/1.1
Host: {host}
User-Agent: Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)
Content-Type: application/x-www-form-urlencoded
Content-Length: 7
Connection: close

a=1&b=2

### Uptime Kuma → robot
GET / HTTP/1.1
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8
User-Agent: Uptime-Kuma/1.23.16
Accept-Encoding: gzip, compress, deflate, br
Host: {host}
Connection: close

### Pingdom → robot
GET / HTTP/1.1
Host: {host}
User-Agent: Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)
Accept-Encoding: gzip, deflate
Connection: close
`)
