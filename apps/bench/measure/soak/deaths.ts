/** Previews die in every way, one after the other. Their visitors bring them back. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lotan } from '../../../testing/harness/lotan.ts'
import { previewActions, type Action } from '../../../testing/scenarios/chaos/actions.ts'
import type { Random } from '../../../testing/scenarios/chaos/random.ts'
import { openTally } from './tally.ts'

const EVERY_MS = 1_500
const ANSWERS_WITHIN_MS = 5_000

export type Ways = Record<string, Action>

export function waysOf(lotan: Lotan): Ways {
  const actions = previewActions(lotan)
  /** A GET would be tried again, and end the next container too. */
  const told = (path: string) => async (tag: string) => {
    const signal = AbortSignal.timeout(ANSWERS_WITHIN_MS)
    await lotan.request(tag, { method: 'POST', path, signal }).catch(() => {})
  }
  return {
    'docker kill': actions['docker kill'],
    'docker stop': actions['docker stop'],
    'docker restart': actions['docker restart'],
    'docker rm -f': actions['docker rm -f'],
    'docker kill, the sandbox': actions['docker kill, the sandbox'],
    'docker rm -f, the sandbox': actions['docker rm -f, the sandbox'],
    stop: actions.stop,
    restart: actions.restart,
    remove: actions.remove,
    'a newer image is pushed': async (tag) => {
      await actions.push(tag)
      await actions.refresh(tag)
    },
    'it exits with 3': told('/exit?code=3'),
    'it runs out of memory': told('/eat'),
  }
}

export type Deaths = ReturnType<typeof startDeaths>

export function startDeaths(lotan: Lotan, ways: Ways, random: Random) {
  const tally = openTally()
  let over = false
  const dying = die()

  async function die() {
    while (!over) {
      const previews = lotan.store.list()
      // Who has crashed too often waits for a person.
      for (const { state, tag } of previews) if (state === 'failed') await lotan.api('POST', `/previews/${tag}/start`)
      const up = previews.filter(({ state }) => state === 'running').map(({ tag }) => tag)
      const way = random.oneOf(Object.keys(ways))
      if (up.length > 0) tally.count((await happens(ways[way]!, random.oneOf(up))) ? way : `${way}, in vain`)
      await sleep(EVERY_MS)
    }
  }

  return {
    counts: tally.counts,
    async stop() {
      over = true
      await dying
    },
  }
}

/** @returns false where it has no container any more, or no sandbox */
async function happens(way: Action, tag: string): Promise<boolean> {
  try {
    await way(tag)
    return true
  } catch {
    return false
  }
}
