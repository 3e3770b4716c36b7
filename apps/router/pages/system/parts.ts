/** Each part of Lotan: whether it is well, its version, how fast it answers, and where it is. */
import type { System } from '../../../shared/api/system.ts'
import type { Config } from '../../../shared/config/config.ts'
import { isSlow, type RegistryHealth } from '../../../shared/health/registry.ts'
import type { Repository } from '../../../shared/repository.ts'
import { shortNames } from '../../words/preview-names.ts'
import { ago, bytes, duration } from '../format.ts'
import { isUntold } from '../../system/warnings.ts'
import type { SystemFacts } from '../../system/gather.ts'

export interface Part {
  name: string
  /** Of the stylesheet: `running` is well, `warn` slow, `failed` not well, `unknown` not known. */
  state: 'running' | 'warn' | 'failed' | 'unknown'
  word: string
  what: string
  where: string
}

type Placed = Pick<Config, 'repositories' | 'redis' | 'dataDir' | 'listen' | 'tls' | 'forge' | 'notifyUrl' | 'shell'>

export function partsOf(facts: SystemFacts, config: Placed): Part[] {
  const { told, updatesAt, upFor, now } = facts
  const { checks, versions, settings, database, disk } = told
  const names = shortNames(config.repositories)
  const dockerHost = settings.find(({ name }) => name === 'DOCKER_HOST')?.value
  const away = (name: keyof typeof tellers) => (isUntold(name, checks) ? `${tellers[name]} tells of it` : '')
  const listens = [config.listen, ...(config.tls ? [config.tls.listen] : [])]
  const newer =
    updatesAt === null ? '' : `looks for newer images ${updatesAt > now ? `in ${duration(updatesAt - now)}` : 'now'}`
  return [
    partOf('Engine', checks.engine, away('engine'), {
      what: versions.engine ?? '',
      where: [dockerHost ?? 'its usual socket', disk.engine?.path].filter(Boolean).join(', '),
    }),
    partOf('Redis', checks.redis, '', {
      what: versions.redis ?? '',
      where: 'socket' in config.redis ? 'Lotan’s own' : 'that of REDIS_URL',
    }),
    partOf('Database', checks.database, '', {
      what: `SQLite, ${bytes(database.bytes)}`,
      where: `${config.dataDir}/lotan.sqlite`,
    }),
    partOf('nginx', checks.nginx, '', {
      what: versions.nginx ?? '',
      where: listens.map(({ host, port }) => `${host}:${port}`).join(', '),
    }),
    { name: 'Router', ...well, what: `Node ${versions.node}`, where: `up ${duration(upFor)}, sends this page` },
    partOf('Queue-processor', checks['queue-processor'], away('queue-processor'), {
      what: '',
      where: 'pulls, starts, stops, removes',
    }),
    partOf('Reaper', checks.reaper, '', { what: '', where: newer }),
    // Only where there is something for it to do.
    ...(checks.forge ? [partOf('Forge', checks.forge, '', { what: '', where: forgeDoes(config) })] : []),
    ...(checks.shell ? [partOf('Way in', checks.shell, '', { what: '', where: shellDoes(config) })] : []),
    ...config.repositories.map((repository) => ({
      ...registryPart(facts.registries?.[repository.name] ?? null, repository, checks.reaper?.ok === false, now),
      name: names.size > 1 ? `Registry of ${names.get(repository.name)}` : 'Registry',
    })),
  ]
}

function forgeDoes({ forge, notifyUrl }: Pick<Config, 'forge' | 'notifyUrl'>): string {
  const paths = [...new Set(forge?.repositories.map(({ path }) => path))]
  const reads = forge ? `pull requests of ${paths.join(', ')} at ${new URL(forge.api).host}` : ''
  return [reads, notifyUrl ? 'tells LOTAN_NOTIFY_URL' : ''].filter(Boolean).join('; ')
}

function shellDoes({ shell }: Pick<Config, 'shell'>): string {
  const ssh = shell?.ssh ? `SSH at ${shell.ssh.listen.host}:${shell.ssh.listen.port}` : ''
  return ['browser, command line, API', ssh].filter(Boolean).join(', ')
}

const tellers = { engine: 'the reaper', 'queue-processor': 'Redis' }

const well = { state: 'running', word: 'well' } as const

function partOf(
  name: string,
  check: System['checks'][string] | undefined,
  untold: string,
  { what, where }: Pick<Part, 'what' | 'where'>,
): Part {
  if (untold || !check) return { name, state: 'unknown', word: 'not known', what: untold, where }
  if (!check.ok) return { name, state: 'failed', word: 'not well', what: check.detail, where }
  const took = check.ms >= 0.1 ? `${check.ms < 10 ? check.ms : Math.round(check.ms)}\u00a0ms` : ''
  return { name, ...well, what: [what, took].filter(Boolean).join(', ') || check.detail, where }
}

function registryPart(
  health: RegistryHealth | null,
  { reference }: Pick<Repository, 'reference'>,
  isReaperAway: boolean,
  now: number,
): Omit<Part, 'name'> {
  const where = reference.split('/')[0]!
  if (!health) {
    const what = isReaperAway ? 'the reaper tells of it' : 'its tags were not read yet'
    return { state: 'unknown', word: 'not known', what, where }
  }
  const { took, tags, error } = health
  const read = `${where}, read ${ago(now - health.at)}`
  if (error) return { state: 'failed', word: 'not well', what: error.says, where: read }
  const what = `${tags} tags in ${took < 1_000 ? `${took}\u00a0ms` : `${(took / 1_000).toFixed(1)}\u00a0s`}`
  return { ...(isSlow(health) ? { state: 'warn', word: 'slow' } : well), what, where: read }
}
