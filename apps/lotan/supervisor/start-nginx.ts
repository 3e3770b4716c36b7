/** nginx needs to know where slots are and whether the database is trusted; it is restarted when slots move. */
import type { Config } from '../../shared/config/config.ts'
import { isSameScheme, slotSchemeIn, type SlotScheme } from '../../shared/slots/slot-scheme.ts'
import { watchStore, withStore } from '../database/watch.ts'
import { followCertificate } from '../nginx/certificate.ts'
import { openStepWatch } from '../../shared/clock.ts'
import { hasNewPlace } from '../nginx/pair-listen.ts'
import { dropRoutes, hasLostRoutes } from '../nginx/route-cache.ts'
import { eachSecond } from '../each-second.ts'
import { waitFor } from '../wait-for.ts'
import { waitForOtherLauncher, waitOrFail, type Launch } from './launch.ts'

const NETWORK_MS = 30_000
const GUARDED_MS = 3_000
const COMPARED_MS = 3_000
/** A worker of nginx may be at work with the old time for a moment after a step of the clock. */
const LOOKS_AFTER_STEP = 3
const NO_NETWORK = 'there is no network for previews; does the engine answer?'
const RESTORED =
  'the database may be older than what runs (a restored backup?). So that no visitor is shown another preview, nginx ' +
  'starts when the reaper has compared the two. That takes the engine: start it, or check DOCKER_HOST'

/** @returns what is to be said of how it reaches previews, if anything */
export async function startNginx(launch: Launch, isRestored: boolean): Promise<string | undefined> {
  const { config, runs, start, processes, say, signal } = launch
  // Kept open: opening it for each check takes longer than all else in the launcher's start, and closing the last
  // connection gives back the WAL's space, which a full disk then refuses.
  const withDatabase = watchStore(config)
  const network = () => withDatabase(({ facts }) => facts.get('unreachable') ?? slotSchemeIn(facts))
  const complaint = NO_NETWORK
  if (runs('queue-processor'))
    await waitOrFail(launch, network, { name: 'queue-processor', within: NETWORK_MS, complaint })
  else await waitForOtherLauncher(launch, network, 'the network for previews, which the queue-processor makes')
  // A containerised Lotan reaches previews only after the queue-processor has joined it to their network. That needs
  // the engine, whose absence must not keep nginx down.
  const guard = () => withDatabase(({ facts }) => facts.get('unreachable') ?? facts.get('firewall'))
  await waitFor(guard, { within: GUARDED_MS, signal })
  const problem = await withStore(config, ({ facts }) => facts.get('unreachable'))
  if (problem) throw new Error(problem)
  // The reaper compares the database with the engine. A missing engine must not keep nginx down here either, unless the
  // database is a restored one: its routes may lead to the wrong preview.
  const compared = () => withDatabase(({ facts }) => facts.get('compared'))
  const isCompared = await waitFor(compared, { within: COMPARED_MS, signal })
  if (isRestored && !isCompared) await waitAnnounced(launch, () => waitFor(compared, { within: Infinity, signal }))
  const scheme = await withStore(config, ({ facts }) => slotSchemeIn(facts))
  start('nginx')
  followSlotScheme(launch, withDatabase, scheme)
  followCertificate(config, say, () => processes.get('nginx')?.reload())
  followPairFront(launch, withDatabase)
  followClock(launch)
  if (scheme?.kind !== 'port') return undefined
  const why = await withStore(config, ({ facts }) => facts.get('slotWhy'))
  return `previews are reached through ports of 127.0.0.1: ${why}`
}

async function waitAnnounced({ config, say }: Launch, wait: () => Promise<unknown>): Promise<void> {
  say(RESTORED, 'bad')
  await withStore(config, ({ facts }) => facts.set('nginxWaits', true))
  try {
    await wait()
    say('the older database was compared with what runs')
  } finally {
    await withStore(config, ({ facts }) => facts.forget('nginxWaits'))
  }
}

/** What is not shielded (previews from the machine, or Lotan from previews) and why; undefined while not known. */
export async function whyUnguarded(config: Config): Promise<string | undefined> {
  const firewall = await withStore(config, ({ facts }) => facts.get('firewall'))
  return firewall?.why ?? undefined
}

/** Why previews cannot call those that they go with; undefined where they can, or with one repository. */
export async function whyNoCalls(config: Config): Promise<string | undefined> {
  if (config.repositories.length < 2) return undefined
  const why = await withStore(config, ({ facts }) => facts.get('pairFront')?.why ?? facts.get('pairListen')?.why)
  return why == null ? undefined : `previews cannot call those that they go with: ${why}`
}

/**
 * Slots get other addresses when the network was made anew elsewhere, or a late engine needs the other slot scheme.
 * Until the restart nginx would send visitors to what now has the old addresses.
 */
function followSlotScheme(
  { config, processes, say }: Launch,
  withDatabase: ReturnType<typeof watchStore>,
  known: SlotScheme | undefined,
): void {
  let last = known
  const check = () => {
    const scheme = withDatabase(({ facts }) => slotSchemeIn(facts))
    if (scheme && !(last && isSameScheme(scheme, last))) {
      const where = scheme.kind === 'network' ? scheme.subnet : 'ports of 127.0.0.1'
      say(`previews have other addresses now (${where}): restarting nginx`)
      processes.get('nginx')?.restart()
    }
    last = scheme ?? last
    const nginx = processes.get('nginx')
    if (nginx?.pid() === undefined || !hasLostRoutes(config)) return
    say('the directory in which nginx remembers routes was removed: restarting nginx', 'bad')
    nginx.restart()
  }
  eachSecond(check)
}

/** The engine may have made the address at which previews reach nginx only after nginx was started. */
function followPairFront({ config, processes, say }: Launch, withDatabase: ReturnType<typeof watchStore>): void {
  if (config.repositories.length < 2) return
  let isAsked = false
  eachSecond(() => {
    const isNew = withDatabase(({ facts }) => hasNewPlace(config, facts)) ?? false
    if (isNew && !isAsked) {
      say('previews can call each other from now on: restarting nginx')
      processes.get('nginx')?.restart()
    }
    isAsked = isNew
  })
}

function followClock({ config, say }: Launch): void {
  const stepped = openStepWatch()
  let left = 0
  eachSecond(() => {
    if (stepped() < 0) {
      say('the clock was stepped back: nginx asks for all routes anew')
      left = LOOKS_AFTER_STEP
    }
    if (left-- > 0) void dropRoutes(config)
  })
}
