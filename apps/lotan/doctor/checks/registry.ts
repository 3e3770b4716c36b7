/** The registry, the login for it, and its clock beside this machine's. */
import type { Config } from '../../../shared/config/config.ts'
import { filterSettingOf, type Repository } from '../../../shared/repository.ts'
import { splitReference } from '../../../shared/registry/docker-config.ts'
import { openRegistry, RegistryError } from '../../../shared/registry/registry.ts'
import { registryAdvice } from '../../../shared/health/advice.ts'
import { findings, type Finding } from '../../../shared/health/finding.ts'

/** A token is worth nothing to a registry whose clock differs by more: AWS allows 5 minutes. */
const FAILURE_MS = 5 * 60_000
const WARNING_MS = 60_000

export async function checkRegistry(
  repository: Repository,
  { dockerConfig, awsRegion }: Pick<Config, 'dockerConfig' | 'awsRegion'>,
): Promise<Finding[]> {
  const registry = openRegistry({ repository: repository.reference, dockerConfig, awsRegion })
  const [login, tags, clock] = await Promise.all([
    checkLogin(registry, repository.reference),
    checkTags(registry, repository),
    checkClock(registry),
  ])
  return [login, tags, clock]
}

type Registry = ReturnType<typeof openRegistry>

async function checkLogin(registry: Pick<Registry, 'authFor'>, repository: string): Promise<Finding> {
  const { ok, failure } = findings('credentials')
  const { host } = splitReference(repository)
  try {
    const login = await registry.authFor(repository)
    return ok(login ? `there is a login for ${host}` : `there is no login for ${host}: Lotan asks it without one`)
  } catch (error) {
    return failure((error as Error).message, adviceFor(error))
  }
}

async function checkTags(registry: Pick<Registry, 'tags'>, { name, reference, offers }: Repository): Promise<Finding> {
  const { ok, warning, failure } = findings('registry')
  try {
    const tags = await registry.tags()
    const offered = tags.filter(offers).length
    if (tags.length === 0) return warning(`${reference} has no tag yet`, 'push an image to it')
    const filter = filterSettingOf(name)
    if (offered === 0)
      return warning(`${filter} offers none of its ${tags.length} tags`, `correct ${filter}: it is a Lua pattern`)
    return ok(`${reference} has ${tags.length} tags${offered < tags.length ? `, ${offered} are offered` : ''}`)
  } catch (error) {
    return failure((error as Error).message, adviceFor(error))
  }
}

async function checkClock(registry: Pick<Registry, 'clock'>): Promise<Finding> {
  const before = Date.now()
  const theirs = await registry.clock().catch(() => undefined)
  return judgeClock(theirs, (before + Date.now()) / 2)
}

/** @param theirs whole seconds */
export function judgeClock(theirs: number | undefined, ours: number): Finding {
  const { ok, warning, failure } = findings('clock')
  if (theirs === undefined) return warning('the registry does not tell its time', 'compare this clock by hand: date -u')
  const off = Math.round(Math.abs(theirs - ours) / 1_000)
  const says = `this clock is ${off} s ${ours > theirs ? 'ahead of' : 'behind'} the registry's`
  if (off * 1_000 < WARNING_MS) return ok(`this clock and the registry's agree, to ${Math.max(1, off)} s`)
  const advice = 'set it: timedatectl set-ntp true'
  return off * 1_000 < FAILURE_MS ? warning(says, advice) : failure(`${says}: logins and certificates fail`, advice)
}

function adviceFor(error: unknown): string {
  return registryAdvice(error instanceof RegistryError ? error.code : undefined)
}
