/** Forwards connections to the same port of another address: `node registry-forwarder.ts 172.17.0.2 5417`. */
import net from 'node:net'
import { pipeline } from 'node:stream'

const [host = '', port = ''] = process.argv.slice(2)

net
  .createServer({ allowHalfOpen: true }, (from) => {
    const to = net.connect({ host, port: Number(port), allowHalfOpen: true })
    pipeline(from, to, () => {})
    pipeline(to, from, () => {})
  })
  .listen(Number(port), '0.0.0.0')
