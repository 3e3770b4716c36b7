/**
 * A cold click with the image here, through nginx, against what the engine alone needs: create, start, first answer.
 * The engine runs twice: with the options of Lotan's containers (the difference is Lotan's) and with none (the
 * difference is the options').
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { startLotan } from '../testing/harness/lotan.ts'
import { removeByHand, tagByHand } from '../testing/harness/docker.ts'
import { buildSmall } from '../testing/images/build.ts'
import { startImageRegistry } from '../testing/registries/image-registry.ts'
import { clickOn, optionsOf, startAlone, untilSandboxesReady } from './engine-alone.ts'
import { median, spread } from './figures.ts'

const ROUNDS = 20
const WARM_UP = 3
const PAUSE_MS = 300

/** With sandboxes, then without any. */
export async function cold(): Promise<void> {
  for (const sandboxes of [4, 0]) {
    console.log(`LOTAN_SANDBOXES=${sandboxes}`)
    await measure(sandboxes)
  }
}

async function measure(sandboxes: number): Promise<void> {
  const registry = await startImageRegistry()
  const image = `${registry.repository}:bench`
  await buildSmall(image, 'bench')
  for (let i = -1; i < ROUNDS + WARM_UP; i++) await tagByHand(image, `${registry.repository}:c${i}`)
  const lotan = await startLotan({ repository: registry.repository, env: { LOTAN_SANDBOXES: String(sandboxes) } })
  const raw: string[] = []
  const rounds: { click: number; same: number; bare: number }[] = []
  try {
    // It shows which options Lotan sets.
    await clickOn(lotan, 'c-1')
    const options = await optionsOf(lotan, 'c-1')
    for (let i = 0; i < ROUNDS + WARM_UP; i++) {
      const of = {
        click: () => clickOn(lotan, `c${i}`),
        same: () => startAlone(image, raw, options),
        bare: () => startAlone(image, raw),
      }
      const round = { click: 0, same: 0, bare: 0 }
      // The order changes, so that none always follows the same one.
      for (const name of orders[i % orders.length]!) {
        await untilSandboxesReady(lotan, sandboxes)
        await sleep(PAUSE_MS)
        round[name] = await of[name]()
      }
      if (i >= WARM_UP) rounds.push(round)
    }
  } finally {
    for (const id of raw) await removeByHand(id)
    await lotan.stop()
    await registry.close()
  }
  const times = (name: keyof (typeof rounds)[number]) => rounds.map((round) => round[name])
  console.log(`click                          ${spread(times('click'), 'ms')}`)
  console.log(`engine, with Lotan's options   ${spread(times('same'), 'ms')}`)
  console.log(`engine, without any            ${spread(times('bare'), 'ms')}`)
  const ratio = (name: 'same' | 'bare') => median(rounds.map((round) => round.click / round[name])).toFixed(2)
  console.log(
    `a click takes ${ratio('same')} times what the engine takes for the same container (median of ${ROUNDS} rounds)`,
  )
  console.log(`and ${ratio('bare')} times what it takes for one without limits on the engine's own network`)
}

const orders = [
  ['click', 'same', 'bare'],
  ['same', 'bare', 'click'],
  ['bare', 'click', 'same'],
] as const
