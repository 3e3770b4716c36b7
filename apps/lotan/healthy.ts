/** Ends with 0 where every part of the Lotan with these settings is well, else says which is not: a container's health check. */
import { readConfig } from '../shared/config.ts'
import { get } from './knock.ts'

const { listen, domain } = readConfig()
// Where it listens everywhere it listens on loopback too.
const host = { '0.0.0.0': '127.0.0.1', '[::]': '::1' }[listen.host] ?? listen.host.replace(/^\[(.*)\]$/, '$1')
const { status, body } = await get({ host, port: listen.port }, '/readyz', domain)
console.log(body)
process.exit(status === 200 ? 0 : 1)
