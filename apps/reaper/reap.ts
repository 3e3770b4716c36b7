/** Carries out what is due. The reaper itself changes no container and no image: it commits what it saw, and asks. */
import type { Config } from '../shared/config.ts'
import type { Container, Engine } from '../shared/engine.ts'
import type { Log } from '../shared/log.ts'
import type { Image, In } from '../shared/preview.ts'
import type { Nudges } from '../shared/queue.ts'
import type { Reason } from '../shared/reason.ts'
import { slotAt } from '../shared/slots.ts'
import type { Store } from '../shared/store.ts'
import type { Action } from './plan.ts'

/** How many of an application's last lines are kept, and how long reading them may hold up its restart. */
const LINES = 20
const OUTPUT_MS = 500
/** The same question is put to the queue at most this often: a drain alone takes 10 s. */
const ASK_EVERY_MS = 5_000

export interface Parts {
  config: Pick<Config, 'repository' | 'containerPort'>
  store: Pick<Store, 'apply' | 'meta'>
  nudges: Pick<Nudges, 'nudge' | 'sweep'>
  engine: Pick<Engine, 'inspect' | 'output' | 'findImage'>
  log: Log
}

export function openReap({ config, store, nudges, engine, log }: Parts) {
  const asked = new Map<string, number>()

  async function act(action: Action, now: number): Promise<void> {
    switch (action.do) {
      case 'apply': {
        const preview = store.apply(action.tag, action.event, now)
        if (preview) await nudges.nudge(preview)
        return
      }
      case 'ask':
        if (mayAsk(`${action.preview.tag} ${action.preview.change} ${action.preview.state}`, now))
          await nudges.nudge(action.preview)
        return
      case 'sweep':
        if (!mayAsk(`${action.tag} sweep`, now)) return
        log.info({ tag: action.tag }, 'asking for containers without a row to be removed')
        await nudges.sweep(action.tag)
        return
      case 'exited':
        return exited(action.preview)
      case 'adopt':
        return adopt(action.container)
    }
  }

  function mayAsk(question: string, now: number): boolean {
    if (now - (asked.get(question) ?? 0) < ASK_EVERY_MS) return false
    for (const [old, at] of asked) if (now - at >= ASK_EVERY_MS) asked.delete(old)
    asked.set(question, now)
    return true
  }

  /** A running preview's container ended without Lotan asking for it: its route goes at once, and it is started again. */
  async function exited({ tag, generation, readyAt }: In<'running'>): Promise<void> {
    const found = await engine.inspect(generation.container)
    if (found?.running) return
    const reason: Reason = found
      ? {
          code: found.oomKilled ? 'out-of-memory' : 'exited',
          detail: found.oomKilled ? 'the kernel ended it at its memory limit' : `exit status ${found.exitCode}`,
          exitCode: found.exitCode,
          after: Math.max(0, (found.finishedAt ?? readyAt) - readyAt),
          output: await lastLines(generation.container),
        }
      : { code: 'exited', detail: 'the container was removed by somebody else' }
    const preview = store.apply(tag, { type: 'exited', generation: generation.number, reason, gone: !found })
    if (preview) await nudges.nudge(preview)
  }

  async function lastLines(container: string): Promise<string[]> {
    const late = new Promise<string[]>((resolve) => setTimeout(resolve, OUTPUT_MS, []).unref())
    return Promise.race([engine.output(container, LINES).catch(() => []), late])
  }

  async function adopt(container: Container): Promise<void> {
    const { tag, id, address } = container
    const slot = address === null ? null : slotAt(store.meta.get('subnet') ?? '', address)
    const image: Image | undefined = await engine.findImage(container.image)
    if (slot === null || !image) return nudges.sweep(tag)
    log.info({ tag, container: id, slot }, 'taking over a container that no row knows')
    store.apply(tag, {
      type: 'adopt',
      image: { ...image, pulled: container.pulled },
      generation: {
        number: container.generation,
        container: id,
        slot,
        image: image.id,
        digest: image.digest,
        port: container.port ?? config.containerPort ?? image.ports[0] ?? 80,
      },
    })
  }

  return {
    exited,
    /** Does what is due, one after another; what fails is said and left for the next look. */
    async all(actions: Action[], now: number): Promise<void> {
      for (const action of actions)
        await act(action, now).catch((error: unknown) => log.warn({ err: error, action: action.do }, 'reaping failed'))
    },
  }
}
