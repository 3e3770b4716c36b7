/**
 * A click on a paused preview, through nginx, against the engine's unpause and first answer, with the same image and
 * options.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { startLotan } from '../testing/harness/lotan.ts'
import { addressOf, docker, removeByHand, tagByHand } from '../testing/harness/docker.ts'
import { request } from '../testing/clients/http.ts'
import { buildSmall } from '../testing/images/build.ts'
import { startImageRegistry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'
import { optionsOf } from './engine-alone.ts'
import { median, quantile, spread } from './figures.ts'

const PREVIEWS = 10
const ROUNDS = 4
const WARM_UP = 5

export async function wake(): Promise<void> {
  const registry = await startImageRegistry()
  const tags = Array.from({ length: PREVIEWS }, (_, i) => `w${i}`)
  const image = `${registry.repository}:bench`
  await buildSmall(image, 'bench')
  for (const tag of tags) await tagByHand(image, `${registry.repository}:${tag}`)
  const lotan = await startLotan({
    repository: registry.repository,
    env: { INACTIVITY_PAUSE_TIMEOUT_MINUTES: '0.1', INACTIVITY_STOP_TIMEOUT_MINUTES: '10' },
  })
  const clicks: number[] = []
  const raws: number[] = []
  let bare: string | undefined
  try {
    for (const tag of tags) await lotan.click(tag)
    const options = { ...(await optionsOf(lotan, tags[0]!)), Image: image }
    bare = (await docker<{ Id: string }>('POST', '/containers/create', options)).Id
    await docker('POST', `/containers/${bare}/start`)
    const address = await addressOf(bare)
    await until('the bare one answers', () => request(80, { host: 'bench', address }))

    const raw = async (id: string) => {
      await docker('POST', `/containers/${id}/pause`)
      await sleep(100)
      const began = performance.now()
      await docker('POST', `/containers/${id}/unpause`)
      await request(80, { host: 'bench', address })
      return performance.now() - began
    }
    const click = async (tag: string) => {
      const began = performance.now()
      const { status } = await lotan.request(tag)
      if (status !== 200) throw new Error(`the click on ${tag} ended in ${status}`)
      return performance.now() - began
    }
    for (let round = 0; round < ROUNDS; round++) {
      for (const tag of tags) await until(`${tag} is frozen`, () => isFrozen(tag), { within: 60_000 })
      await sleep(500)
      for (const [i, tag] of tags.entries()) {
        // The order changes, so that neither always follows the other.
        if (i % 2) raws.push(await raw(bare))
        clicks.push(await click(tag))
        if (i % 2 === 0) raws.push(await raw(bare))
        await sleep(100)
      }
    }
  } finally {
    if (bare) await removeByHand(bare)
    await lotan.stop()
    await registry.close()
  }
  const [woken, unpaused] = [clicks.slice(WARM_UP), raws.slice(WARM_UP)]
  console.log(`click on a paused preview    ${spread(woken, 'ms', 1)}, p99 ${quantile(woken, 0.99).toFixed(1)} ms`)
  console.log(
    `unpause and request alone    ${spread(unpaused, 'ms', 1)}, p99 ${quantile(unpaused, 0.99).toFixed(1)} ms`,
  )
  console.log(`Lotan adds ${(median(woken) - median(unpaused)).toFixed(1)} ms (medians of ${woken.length})`)

  function isFrozen(tag: string): boolean {
    const preview = lotan.store.get(tag)
    return preview?.state === 'paused' && preview.phase !== 'draining'
  }
}
