/**
 * As the router reports it; Redis is asked itself, since the router cannot work without it, and so are forge and shell,
 * which run only where there is something for them to do.
 */
import path from 'node:path'
import type { Config } from '../../shared/config/config.ts'
import { accepts, get } from './probe.ts'
import { mayRun, type Name } from './names.ts'

interface Check {
  ok: boolean
  detail: string
}

export async function unhealthyOf(config: Pick<Config, 'runDir' | 'domain'>): Promise<string | undefined> {
  const { status, checks } = await fetchReadiness(config)
  if (status === 200) return undefined
  const unhealthy = Object.entries(checks).filter(([, { ok }]) => !ok)
  return unhealthy.map(([name, { detail }]) => `${name} ${detail}`).join(', ') || `the router answers ${status}`
}

/** The router counts as healthy when it answers and can use its database. */
export async function unhealthyOne(
  name: Name,
  config: Pick<Config, 'runDir' | 'domain' | 'redis' | 'shell'>,
): Promise<string | undefined> {
  if (!mayRun(name, config)) return undefined
  if (name === 'redis' && 'socket' in config.redis)
    return (await accepts(config.redis.socket)) ? undefined : 'redis does not answer'
  if (name === 'forge' || name === 'shell') return (await isUp(name, config)) ? undefined : `${name} does not work`
  const { checks } = await fetchReadiness(config)
  const check = checks[name === 'router' ? 'database' : name]
  return check?.ok ? undefined : `${name} ${check?.detail ?? 'is not known to the router'}`
}

async function isUp(name: Name, { runDir, domain }: Pick<Config, 'runDir' | 'domain'>): Promise<boolean> {
  const asked = get({ socketPath: path.join(runDir, `${name}.sock`) }, '/', domain)
  return asked.then(
    ({ status }) => status === 204,
    () => false,
  )
}

async function fetchReadiness({ runDir, domain }: Pick<Config, 'runDir' | 'domain'>) {
  const admin = { socketPath: path.join(runDir, 'desk.sock') }
  const { status, body } = await get(admin, '/readyz', domain).catch(() => {
    throw new Error('the router does not answer')
  })
  const { checks = {} } = JSON.parse(body) as { checks?: Record<string, Check> }
  return { status, checks }
}
