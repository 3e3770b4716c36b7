/**
 * A cold click with the image here, through nginx, against what the engine alone needs: create, start, first answer.
 * Both in turn, each with a container that never was before.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { startLotan } from '../testing/bed.ts'
import { docker, removeByHand } from '../testing/docker.ts'
import { request } from '../testing/http.ts'
import { buildSmall } from '../testing/images.ts'
import { startRegistry } from '../testing/registry.ts'
import { median, spread } from './figures.ts'

const PAIRS = 20
const WARM_UP = 3

export async function cold(): Promise<void> {
  const registry = await startRegistry()
  const image = `${registry.repository}:bench`
  await buildSmall(image, 'bench')
  for (let i = 0; i < PAIRS + WARM_UP; i++)
    await docker('POST', `/images/${encodeURIComponent(image)}/tag?repo=${registry.repository}&tag=c${i}`)
  const lotan = await startLotan({ repository: registry.repository })
  const raw: string[] = []
  const pairs: { click: number; bare: number }[] = []
  try {
    for (let i = 0; i < PAIRS + WARM_UP; i++) {
      const click = async () => {
        const began = performance.now()
        const { status } = await lotan.request(`c${i}`)
        if (status !== 200) throw new Error(`the click on c${i} ended in ${status}`)
        return performance.now() - began
      }
      const bare = () => startBare(image, raw)
      // The order changes, so that neither always follows the other.
      const pair = i % 2 ? { click: await click(), bare: await bare() } : { bare: await bare(), click: await click() }
      if (i >= WARM_UP) pairs.push(pair)
      await sleep(300)
    }
  } finally {
    for (const id of raw) await removeByHand(id)
    await lotan.stop()
    await registry.close()
  }
  console.log(
    `click   ${spread(
      pairs.map(({ click }) => click),
      'ms',
    )}`,
  )
  console.log(
    `engine  ${spread(
      pairs.map(({ bare }) => bare),
      'ms',
    )}`,
  )
  const ratio = median(pairs.map(({ click, bare }) => click / bare))
  console.log(`a click takes ${ratio.toFixed(2)} times what the engine takes (median of ${PAIRS} pairs)`)
}

/** Creates and starts a container on the engine's own network, and asks until it answers. */
async function startBare(image: string, started: string[]): Promise<number> {
  const began = performance.now()
  const { Id } = await docker<{ Id: string }>('POST', '/containers/create', {
    Image: image,
    Labels: { 'lotan.test': 'true' },
  })
  started.push(Id)
  await docker('POST', `/containers/${Id}/start`)
  const { NetworkSettings } = await docker<{ NetworkSettings: { IPAddress: string } }>('GET', `/containers/${Id}/json`)
  for (;;) {
    try {
      await request(80, { host: 'bench', address: NetworkSettings.IPAddress })
      return performance.now() - began
    } catch {
      await sleep(2)
    }
  }
}
