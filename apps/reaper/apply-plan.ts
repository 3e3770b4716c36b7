/** Carries out the plan. The reaper changes no container or image: it commits events and nudges the queue-processor. */
import { copyFound } from '../shared/preview/copy-label.ts'
import { baseId } from '../shared/preview/copy.ts'
import { isCopy } from '../shared/preview/copy-tag.ts'
import type { Config } from '../shared/config/config.ts'
import { EngineError, type Container, type Engine, type Inspected } from '../shared/engine/engine.ts'
import { limitsOf } from '../shared/config/limits.ts'
import type { Log } from '../shared/log.ts'
import { generationOf, stepOf, type In, type Preview } from '../shared/preview/preview.ts'
import type { Routed } from '../shared/preview/generation.ts'
import { duesOf, type Timeouts } from '../shared/preview/timeouts.ts'
import type { Nudges } from '../shared/queue.ts'
import type { Reason } from '../shared/preview/failure-reason.ts'
import { slotSchemeIn, slotOf } from '../shared/slots/slot-scheme.ts'
import type { Store } from '../shared/store/store.ts'
import { isMisplaced, isUnknown, type Action } from './plan.ts'
import { idOf, logFields, splitId, type PreviewId } from '../shared/preview/preview-id.ts'

/** `OUTPUT_MS` is how long reading them may delay the application's restart. */
const LINES = 20
const OUTPUT_MS = 500
/** The shortest time between two equal nudges: a drain alone takes 10 s. */
const NUDGE_EVERY_MS = 5_000
const UPDATE_EVERY_MS = 30_000

export interface Dependencies {
  config: Timeouts & Pick<Config, 'repositories' | 'containerPort' | 'slots' | 'limits' | 'ceilings' | 'dataFor'>
  store: Pick<
    Store,
    'get' | 'list' | 'apply' | 'lastGeneration' | 'facts' | 'pulled' | 'isTaken' | 'forgetRepository' | 'standing'
  >
  nudges: Pick<Nudges, 'nudge' | 'sweep' | 'tend' | 'refresh'>
  engine: Pick<Engine, 'inspect' | 'output' | 'findImage'>
  log: Log
}

export function openApplyPlan({ config, store, nudges, engine, log }: Dependencies) {
  const recentNudges = new Map<string, { at: number; rest: number }>()

  async function apply(action: Action, now: number): Promise<void> {
    switch (action.do) {
      case 'apply': {
        const preview = store.apply(action.id, action.event, now)
        if (preview) await nudges.nudge(preview)
        return
      }
      case 'nudge':
        if (mayNudge(`${idOf(action.preview)} ${action.preview.change} ${stepOf(action.preview)}`, now))
          await nudges.nudge(action.preview)
        return
      case 'refresh':
        if (mayNudge(`${idOf(action.preview)} refresh`, now, UPDATE_EVERY_MS)) await nudges.refresh(action.preview)
        return
      case 'sweep':
        if (!mayNudge(`${action.id} sweep`, now)) return
        log.info(logFields(action.id), 'asking the queue-processor to remove stray containers')
        await nudges.sweep(action.id)
        return
      case 'tend':
        if (mayNudge(`${action.id} tend`, now)) await nudges.tend(action.id)
        return
      case 'exited':
        return checkExit(action.preview)
      case 'misplaced':
        return checkSlot(action.preview, action.generation)
      case 'adopt':
        return adopt(action.container)
    }
  }

  function mayNudge(key: string, now: number, every = NUDGE_EVERY_MS): boolean {
    // Absolute: a clock that stepped back must not silence it.
    for (const [old, { at, rest }] of recentNudges) if (Math.abs(now - at) >= rest) recentNudges.delete(old)
    if (recentNudges.has(key)) return false
    recentNudges.set(key, { at: now, rest: every })
    return true
  }

  /** A container that seems to have ended or to be gone. If that is so, its route goes at once and it is restarted. */
  async function checkExit(preview: In<'running'> | In<'paused'> | In<'stopped'>): Promise<void> {
    const { generation } = preview
    const id = idOf(preview)
    if (!generation?.container) return
    const found = await engine.inspect(generation.container)
    if (found && ((found.running && !found.cutOff) || preview.state === 'stopped')) return
    // The queue-processor removes it, and commits that once the image has gone too.
    if (isBeingCleaned(preview)) return
    const reason: Reason = found
      ? await reasonFor(preview, found)
      : { code: 'exited', detail: 'another program removed the container' }
    // A restarted container keeps its generation: this is about the run that was inspected.
    if (store.get(id)?.stages.running !== preview.stages.running) return
    const changed = store.apply(id, { type: 'exited', generation: generation.number, reason, gone: !found })
    if (changed?.state === 'queued') await nudges.nudge(changed)
  }

  function isBeingCleaned(preview: Preview): boolean {
    const [due] = duesOf(preview, config)
    return due?.what === 'clean' && due.at <= Date.now()
  }

  /** A container that seems to be at another slot. If that is so, no route may lead to its recorded slot. */
  async function checkSlot(seen: Preview, generation: Routed): Promise<void> {
    const id = idOf(seen)
    const found = await engine.inspect(generation.container)
    if (found?.cutOff && (seen.state === 'running' || seen.state === 'paused')) return checkExit(seen)
    const slotScheme = slotSchemeIn(store.facts)
    if (!found?.running || !isMisplaced(generation, found, { slotScheme, config })) return
    // The preview may have been restarted since the inspection.
    const preview = store.get(id)
    if (preview?.since !== seen.since || generationOf(preview)?.slot !== generation.slot) return
    const stopping = store.apply(id, { type: 'stop', why: 'moved' })
    if (!stopping) return
    const { slot, number } = generation
    log.warn(
      { ...logFields(id), generation: number, slot, found: found.address ?? found.published },
      'a container is not at its slot',
    )
    await nudges.nudge(stopping)
  }

  async function reasonFor({ image }: Preview, found: Inspected): Promise<Reason> {
    const { id, exitCode, oomKilled, startedAt, finishedAt } = found
    if (found.running) return { code: 'exited', detail: 'the sandbox that held its network ended' }
    return {
      ...(oomKilled
        ? {
            code: 'out-of-memory',
            detail: 'the kernel ended it at its memory limit',
            limit: limitsOf(image?.labels ?? {}, config).limits.memory,
          }
        : { code: 'exited', detail: `exit status ${exitCode}` }),
      exitCode,
      after: startedAt && finishedAt ? Math.max(0, finishedAt - startedAt) : undefined,
      output: await lastLines(id),
    }
  }

  async function lastLines(container: string): Promise<string[]> {
    const timeout = new Promise<string[]>((resolve) => setTimeout(resolve, OUTPUT_MS, []).unref())
    return Promise.race([engine.output(container, LINES).catch(() => []), timeout])
  }

  /** Adopts a running container that nginx can reach, and removes others. */
  async function adopt(found: Container): Promise<void> {
    const { address, published, digest, generation, port, pulled, reference, status, stack } = found
    const id = idOf(found)
    const image = await engine.findImage(found.image, [digest])
    const slotScheme = slotSchemeIn(store.facts)
    // Addresses mean nothing until the queue-processor has found the network again.
    if (!slotScheme) return
    // It may have been removed meanwhile, which leaves no row, but a history.
    if (!isUnknown(generation, store.lastGeneration(id))) return
    const slot = slotOf(slotScheme, { address, published })
    if (!image || slot === null || slot > config.slots || store.isTaken(slot)) return nudges.sweep(id)
    log.info({ ...logFields(id), container: found.id, slot }, 'adopting a container that has no row')
    if (pulled && image.digest) store.pulled.note({ ...splitId(id), id: image.id, reference, digest: image.digest })
    store.apply(id, {
      type: 'adopt',
      ...copyIn(id, image.labels),
      frozen: status === 'paused',
      image: { ...image, pulled },
      generation: {
        number: generation,
        container: found.id,
        slot,
        sandbox: found.sandbox,
        image: image.id,
        digest: image.digest,
        port: port ?? config.containerPort ?? image.ports[0] ?? 80,
        ...(stack !== null && { stack }),
      },
    })
  }

  /** What its row would say of a copy. */
  function copyIn(id: PreviewId, labels: Record<string, string>) {
    if (!isCopy(id)) return {}
    const now = Date.now()
    const standing = store.standing(baseId(id), now)
    const trusted = standing.is === 'free' && standing.isTrusted
    return copyFound(id, labels, { base: splitId(baseId(id)).tag, trusted, lasts: config.dataFor, now })
  }

  return {
    checkExit,

    /**
     * Removes all previews of a repository that is listed no more, or has become another: its images would appear under
     * the new one's name.
     */
    removeUnlisted(): void {
      const listed = Object.fromEntries(config.repositories.map(({ name, reference }) => [name, reference]))
      const known = store.facts.get('repositories') ?? {}
      const names = new Set([...Object.keys(known), ...store.list().map(({ repository }) => repository)])
      for (const name of names) {
        const [was, is] = [known[name], listed[name]]
        if (is !== undefined && (was === undefined || was === is)) continue
        log.warn({ name, was, is }, 'a repository is listed no more, or is another: its previews are removed')
        for (const preview of store.list().filter(({ repository }) => repository === name)) {
          const removing = store.apply(idOf(preview), { type: 'remove' })
          if (removing) void nudges.nudge(removing)
        }
        store.forgetRepository(name)
      }
      store.facts.set('repositories', listed)
    },

    /** Logs failures. @returns whether every route that may lead to a wrong container was checked */
    async applyAll(actions: Action[], now: number): Promise<boolean> {
      const done = await Promise.all(
        actions.map((action) =>
          apply(action, now).then(
            () => true,
            (error: unknown) => {
              log.warn({ err: error, action: action.do }, 'an action of the reaper failed')
              return !(
                action.do === 'misplaced' ||
                action.do === 'exited' ||
                (action.do === 'adopt' && isEngineDown(error))
              )
            },
          ),
        ),
      )
      return done.every(Boolean)
    },
  }
}

function isEngineDown(error: unknown): boolean {
  return error instanceof EngineError && error.code === 'engine-down'
}
