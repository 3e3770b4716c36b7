/** Whether parts are well: the router is asked, which knows of all of them. Redis, which all of them need, is asked itself. */
import path from 'node:path'
import type { Config } from '../../shared/config/config.ts'
import { accepts, get } from './probe.ts'
import type { Name } from './processes.ts'

interface Check {
  ok: boolean
  detail: string
}

/** @returns undefined where all parts are well, else who is not, and why */
export async function unhealthyOf(config: Pick<Config, 'runDir' | 'domain'>): Promise<string | undefined> {
  const { status, checks } = await ask(config)
  if (status === 200) return undefined
  const ill = Object.entries(checks).filter(([, { ok }]) => !ok)
  return ill.map(([name, { detail }]) => `${name} ${detail}`).join(', ') || `the router answers ${status}`
}

/** The same of one part. The router itself is well when it answers and has its database. */
export async function unhealthyOne(
  name: Name,
  config: Pick<Config, 'runDir' | 'domain' | 'redis'>,
): Promise<string | undefined> {
  if (name === 'redis' && 'socket' in config.redis)
    return (await accepts(config.redis.socket)) ? undefined : 'redis does not answer'
  const { checks } = await ask(config)
  const check = checks[name === 'router' ? 'database' : name]
  return check?.ok ? undefined : `${name} ${check?.detail ?? 'is not known to the router'}`
}

async function ask({ runDir, domain }: Pick<Config, 'runDir' | 'domain'>) {
  const desk = { socketPath: path.join(runDir, 'desk.sock') }
  const { status, body } = await get(desk, '/readyz', domain).catch(() => {
    throw new Error('the router does not answer')
  })
  const { checks = {} } = JSON.parse(body) as { checks?: Record<string, Check> }
  return { status, checks }
}
