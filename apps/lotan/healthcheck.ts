/**
 * A container's health check: ends with 0 where every part of the Lotan with these settings is well, asked as visitors
 * ask, or where the one part is that is named; else says what is not.
 */
import { readConfig } from '../shared/config/config.ts'
import { get } from './supervisor/probe.ts'
import { names } from './supervisor/processes.ts'
import { unhealthyOf, unhealthyOne } from './supervisor/health.ts'

const config = readConfig()
const name = names.find((name) => name === process.argv[2])
const ails = await (name ? unhealthyOne(name, config) : whatVisitorsSee()).catch((error: Error) => error.message)
console.log(ails ?? 'well')
process.exit(ails === undefined ? 0 : 1)

async function whatVisitorsSee(): Promise<string | undefined> {
  const { listen, domain } = config
  // Where it listens everywhere it listens on loopback too.
  const host = { '0.0.0.0': '127.0.0.1', '[::]': '::1' }[listen.host] ?? listen.host.replace(/^\[(.*)\]$/, '$1')
  try {
    const { status, body } = await get({ host, port: listen.port }, '/readyz', domain)
    return status === 200 ? undefined : body
  } catch (error) {
    // The router may know why nginx is not there yet.
    return (await unhealthyOf(config)) ?? (error as Error).message
  }
}
