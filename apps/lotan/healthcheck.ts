/** A container's health check, of the process that is named or of all: ends with 0, or prints what is wrong. */
import { readConfig } from '../shared/config/config.ts'
import { get } from './supervisor/probe.ts'
import { names } from './supervisor/names.ts'
import { unhealthyOf, unhealthyOne } from './supervisor/health.ts'

const config = readConfig()
const name = names.find((name) => name === process.argv[2])
const problem = await (name ? unhealthyOne(name, config) : checkAsVisitor()).catch((error: Error) => error.message)
console.log(problem ?? 'healthy')
process.exit(problem === undefined ? 0 : 1)

async function checkAsVisitor(): Promise<string | undefined> {
  const { listen, domain } = config
  const host = { '0.0.0.0': '127.0.0.1', '[::]': '::1' }[listen.host] ?? listen.host.replace(/^\[(.*)\]$/, '$1')
  try {
    const { status, body } = await get({ host, port: listen.port }, '/readyz', domain)
    return status === 200 ? undefined : body
  } catch (error) {
    // The router may know why nginx has not started.
    return (await unhealthyOf(config)) ?? (error as Error).message
  }
}
