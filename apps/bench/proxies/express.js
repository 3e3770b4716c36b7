// Express with http-proxy, whose documentation keeps connections by an agent: node express.js PORT HOST TARGET
import http from 'node:http'
import express from 'express'
import httpProxy from 'http-proxy'

const [port, host, target] = process.argv.slice(2)
const targets = new Map([[host, target]])
const proxy = httpProxy.createProxyServer({ agent: new http.Agent({ keepAlive: true }) })

const app = express()
app.use((req, res) => {
  const target = targets.get(req.hostname)
  if (!target) return res.status(404).end()
  return proxy.web(req, res, { target }, () => res.status(502).end())
})
app.listen(Number(port), '127.0.0.1')
