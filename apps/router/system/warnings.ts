/** Pure. What an operator should know, and what to do about it: failures first. */
import type { System } from '../../shared/api/system.ts'
import type { Config } from '../../shared/config/config.ts'
import { engineAdvice, redisAdvice } from '../../shared/health/advice.ts'
import { judgeCertificate } from '../../shared/health/certificate.ts'
import { judgeDataDisk, judgeEngineDisk } from '../../shared/health/disk.ts'
import { findings, type Finding } from '../../shared/health/finding.ts'
import { judgeForge } from '../../shared/health/forge.ts'
import { judgePairs } from '../../shared/health/pairs.ts'
import { shortNames } from '../words/preview-names.ts'
import { idOf, NAMELESS } from '../../shared/preview/preview-id.ts'
import { judgeRegistry } from '../../shared/health/registry.ts'
import type { SystemFacts } from './gather.ts'

export interface Warning extends Finding {
  /** Milliseconds since 1970, where that is known. */
  since?: number | undefined
}

type Judged = Pick<Config, 'repositories' | 'redis' | 'dataDir'>

export function warningsOf(facts: SystemFacts, config: Judged): Warning[] {
  const all = [
    ...partsOf(facts.told, config),
    ...networkOf(facts),
    ...diskOf(facts.told, config),
    ...memoryOf(facts),
    ...placesOf(facts.told),
    ...servicesOf(facts),
    ...(facts.certificate ? [judgeCertificate(facts.certificate, facts.now)] : []),
    ...registriesOf(facts, config),
    ...forgesOf(facts),
  ]
  const failures = all.filter(({ level }) => level === 'failure')
  return [...failures, ...all.filter(({ level }) => level === 'warning')]
}

function partsOf({ checks, settings }: Pick<System, 'checks' | 'settings'>, config: Judged): Finding[] {
  const dockerHost = settings.find(({ name }) => name === 'DOCKER_HOST')?.value ?? null
  const isOwnRedis = 'socket' in config.redis
  const worker = 'the launcher starts it again by itself: its log says why it ended'
  const advices: Record<string, string> = {
    engine: engineAdvice(dockerHost),
    redis: redisAdvice(isOwnRedis),
    database: 'Lotan mends it by itself; previews that run go on being served',
    nginx: 'its log says more; lotan doctor looks at the port',
    'queue-processor': worker,
    reaper: worker,
    forge: worker,
    shell: worker,
  }
  return Object.entries(checks).flatMap(([name, { ok, detail }]) => {
    if (ok || isUntold(name, checks)) return []
    return findings(name).failure(`${partNames[name] ?? name} ${detail}`, advices[name])
  })
}

/** The reaper tells of the engine, and Redis of the queue-processor: that one of them is away is said once. */
export function isUntold(name: string, checks: System['checks']): boolean {
  if (name === 'engine') return checks.reaper?.ok === false
  return name === 'queue-processor' && checks.redis?.ok === false
}

const partNames: Record<string, string> = {
  engine: 'the engine',
  redis: 'Redis',
  database: 'the database',
  'queue-processor': 'the queue-processor',
  reaper: 'the reaper',
  forge: 'the forge part',
  shell: 'the way in',
}

function networkOf({ noted: { firewall, unreachable, pairFront, pairListen } }: SystemFacts): Finding[] {
  const { warning, failure } = findings('network')
  const found: Finding[] = []
  if (unreachable !== null)
    found.push(
      failure(`previews cannot be reached: ${unreachable}`, 'set LOTAN_SLOT_KIND, or run Lotan beside the engine'),
    )
  if (firewall?.why)
    found.push(
      warning(firewall.why, 'run Lotan as root, or in its container: docs/security.md says what is shielded then'),
    )
  if (pairFront) found.push(judgePairs(pairFront, pairListen))
  return found
}

function diskOf({ disk, versions }: SystemFacts['told'], { dataDir }: Judged): Finding[] {
  const { warning } = findings('disk')
  const { engine, data, marks } = disk
  const unmeasured = () =>
    warning(
      'the engine’s disk cannot be measured from here: its marks are not heeded',
      'let Lotan see the engine’s data root: docs/operate.md says how',
    )
  return [
    ...(engine ? [judgeEngineDisk({ ...engine, root: engine.path }, marks)] : versions.engine ? [unmeasured()] : []),
    judgeDataDisk(data?.free, dataDir),
  ]
}

function memoryOf({ told: { memory }, noted: { memoryFull } }: SystemFacts): Finding[] {
  const { total, available, high } = memory
  if (total === null || available === null) return []
  const used = Math.round((1 - available / total) * 100)
  if (used <= high && !memoryFull) return []
  const says = `${used} % of the machine’s memory is used: starts wait above ${high} %`
  return [findings('memory').warning(says, 'stop what is not needed, or give each less: LOTAN_CONTAINER_MEMORY')]
}

function placesOf({ previews: { running, most, pinned }, slots }: SystemFacts['told']): Finding[] {
  const { warning } = findings('places')
  const found: Finding[] = []
  if (running > most)
    found.push(
      warning(`${running} previews are up, and ${most} may be`, 'idle ones are stopped; or set LOTAN_MAX_RUNNING'),
    )
  if (pinned >= most)
    found.push(
      warning(`all ${most} places are pinned: no other preview starts`, 'unpin or stop one, or set LOTAN_MAX_RUNNING'),
    )
  if (slots.taken + slots.resting >= slots.total)
    found.push(warning(`all ${slots.total} slots are taken or rest: starts wait for one`, 'set LOTAN_SLOTS higher'))
  return found
}

/** So often in a row it is no accident any more. */
const MANY_ENDS = 3

function servicesOf({ crashing }: SystemFacts): Warning[] {
  return crashing
    .filter(({ crashes }) => crashes >= MANY_ENDS)
    .map((service) => ({
      ...findings('services').warning(
        `the service ${service.name} of ${idOf(service)} has ended ${service.crashes} times in a row`,
        `its log says why: lotan logs ${idOf(service)} --service ${service.name}`,
      ),
      since: service.since,
    }))
}

function registriesOf({ registries }: SystemFacts, { repositories }: Judged): Warning[] {
  const names = shortNames(repositories)
  return repositories.flatMap(({ name, reference }) => {
    const health = registries?.[name]
    if (!health) return []
    const finding = judgeRegistry(health, reference)
    const says = names.size > 1 ? `the registry of ${names.get(name)}: ${finding.says}` : finding.says
    const advice = name === NAMELESS ? finding.advice : finding.advice?.replace(/\bREPOSITORY\b/, 'LOTAN_REPOSITORIES')
    return [{ ...finding, says, advice, since: health.since ?? undefined }]
  })
}

function forgesOf({ noted }: Pick<SystemFacts, 'noted'>): Warning[] {
  return Object.entries(noted.forge).flatMap(([path, health]) => {
    const since = health.away?.since
    return judgeForge(health, path).map((finding, place) => (place === 0 ? { ...finding, since } : finding))
  })
}
