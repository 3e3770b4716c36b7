import type { Config } from '../../shared/config/config.ts'
import { nextDue, type Due, type Timeouts } from '../../shared/preview/timeouts.ts'
import type { Preview } from '../../shared/preview/preview.ts'
import { duration } from './format.ts'

export function summaryOf(previews: readonly Preview[], config: Timeouts & Pick<Config, 'maxRunning'>, now: number) {
  const amount = (state: Preview['state']) => previews.filter((preview) => preview.state === state).length
  const [running, waiting] = [amount('running'), amount('queued')]
  const [next, ...then] = previews
    .flatMap((preview) => {
      const due = nextDue(preview, config, now)
      return due && preview.state !== 'failed' ? [{ tag: preview.tag, ...due }] : []
    })
    .toSorted((a, b) => a.at - b.at)
    .slice(0, 3)
    .map(({ tag, what, at }) => ({ tag, what, when: at <= now ? 'now' : `in ${duration(at - now)}` }))
  return {
    running,
    most: config.maxRunning,
    waiting,
    busy: [`${amount('pulling')} pulling`, `${amount('starting')} starting`].join(', '),
    next: next ? `${verbs[next.what]} ${next.tag} ${next.when}` : 'Nothing is due',
    then: then.length
      ? `then ${then.map(({ tag, what, when }) => `${what === 'clean' ? `the image of ${tag}` : tag} ${when}`).join(', ')}`
      : '',
  }
}

const verbs: Record<Due['what'], string> = { pause: 'Pauses', stop: 'Stops', clean: 'Removes the image of' }
