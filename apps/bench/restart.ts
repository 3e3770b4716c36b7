/** A click on a stopped preview that kept its container, through nginx, against the engine's start of such a container. */
import { setTimeout as sleep } from 'node:timers/promises'
import { startLotan } from '../testing/harness/lotan.ts'
import { docker, removeByHand } from '../testing/harness/docker.ts'
import { buildSmall } from '../testing/images/build.ts'
import { startImageRegistry } from '../testing/registries/image-registry.ts'
import { clickOn, optionsOf, startAgainAlone, startAlone, untilSandboxesReady } from './engine-alone.ts'
import { median, spread } from './figures.ts'

const ROUNDS = 12
const WARM_UP = 2
const PAUSE_MS = 300

/** With sandboxes, then without any. */
export async function restart(): Promise<void> {
  for (const sandboxes of [4, 0]) {
    console.log(`LOTAN_SANDBOXES=${sandboxes}`)
    await measure(sandboxes)
  }
}

async function measure(sandboxes: number): Promise<void> {
  const registry = await startImageRegistry()
  const image = `${registry.repository}:r`
  await buildSmall(image, 'bench')
  const lotan = await startLotan({ repository: registry.repository, env: { LOTAN_SANDBOXES: String(sandboxes) } })
  const raw: string[] = []
  const rounds: { click: number; alone: number }[] = []
  try {
    await untilSandboxesReady(lotan, sandboxes)
    await clickOn(lotan, 'r')
    const kept = await lotan.containerOf('r')
    await startAlone(image, raw, await optionsOf(lotan, 'r'))
    const click = async () => {
      await lotan.api('POST', '/previews/r/stop')
      await lotan.untilState('r', 'stopped')
      await sleep(PAUSE_MS)
      return clickOn(lotan, 'r')
    }
    const alone = async () => {
      await docker('POST', `/containers/${raw[0]}/stop?t=0`)
      await sleep(PAUSE_MS)
      return startAgainAlone(raw[0]!)
    }
    for (let i = 0; i < ROUNDS + WARM_UP; i++) {
      await untilSandboxesReady(lotan, sandboxes)
      const round = { click: 0, alone: 0 }
      for (const name of i % 2 ? (['click', 'alone'] as const) : (['alone', 'click'] as const))
        round[name] = await (name === 'click' ? click : alone)()
      if (i >= WARM_UP) rounds.push(round)
    }
    if ((await lotan.containerOf('r')) !== kept) throw new Error('its container was made anew')
  } finally {
    for (const id of raw) await removeByHand(id)
    await lotan.stop()
    await registry.close()
  }
  const times = (name: 'click' | 'alone') => rounds.map((round) => round[name])
  console.log(`click on a stopped preview     ${spread(times('click'), 'ms')}`)
  console.log(`engine's start of such a one   ${spread(times('alone'), 'ms')}`)
  const ratio = median(rounds.map(({ click, alone }) => click / alone)).toFixed(2)
  console.log(`a click takes ${ratio} times what the engine takes (median of ${ROUNDS} rounds)`)
}
