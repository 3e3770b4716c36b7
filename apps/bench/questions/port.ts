/** Requests a second to an application that listens elsewhere than nginx's upstream groups were written for. */
import { inRounds, type Bench } from '../measure/bench.ts'
import { withFast } from '../measure/fast.ts'
import { rate } from '../measure/rate.ts'

const ROUNDS = 6
const SECONDS = 2

export const port: Bench = {
  asks: 'how many requests a second go to an application on a port of its own, against one on the usual port',
  async run() {
    const images = { usual: {}, other: { expose: [8080] } }
    return withFast({ images }, async ({ lotan }) => {
      const through = (tag: string) => () => rate(lotan.port, lotan.host(tag), { seconds: SECONDS })
      for (const tag of ['usual', 'other']) await lotan.request(tag)
      const { other, usual } = await inRounds(
        { other: through('other'), usual: through('usual') },
        { rounds: ROUNDS, warmUp: 1 },
      )
      return [
        {
          question: 'warm requests on a port of its own',
          unit: 'requests/s',
          lotan: other,
          baseline: { name: 'Lotan, on the usual port', values: usual },
          by: 'ratio',
          bar: { atLeast: 0.9, aim: 1, better: 'more' },
        },
      ]
    })
  },
}
