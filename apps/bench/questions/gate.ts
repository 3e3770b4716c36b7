/** What the gate costs those who are let in, and how many others a second it turns away. */
import { startLotan } from '../../testing/harness/lotan.ts'
import { buildFast } from '../../testing/images/build.ts'
import { startImageRegistry } from '../../testing/registries/image-registry.ts'
import { inRounds, type Bench } from '../measure/bench.ts'
import { CONNECTIONS, rate, refusals } from '../measure/rate.ts'

const ROUNDS = 6
const PASSWORD = 'the password of the bench'

export const gate: Bench = {
  asks: 'what the gate costs, and how many it turns away a second',
  async run() {
    const registry = await startImageRegistry()
    await buildFast(`${registry.repository}:fast`)
    const start = (env: Record<string, string>) =>
      startLotan({ repository: registry.repository, env: { LOTAN_CONTAINER_CPUS: '2', ...env } })
    const open = await start({ LOTAN_GATE: 'off' })
    const gated = await start({ LOTAN_GATE: 'password', LOTAN_GATE_PASSWORD: PASSWORD })
    try {
      const headers = { Cookie: await passOf(gated) }
      await open.request('fast')
      await gated.request('fast', { headers })
      const warm = await inRounds(
        {
          off: () => rate(open.port, open.host('fast')),
          pass: () => rate(gated.port, gated.host('fast'), { headers }),
          refusedWarm: () => refusals(gated.port, gated.host('fast'), 401),
          refusedCold: () => refusals(gated.port, gated.host('cold'), 401),
        },
        { rounds: ROUNDS, warmUp: 1 },
      )
      const baseline = { name: 'Lotan, without a gate', values: warm.off }
      const asked = { unit: 'requests/s' as const, baseline, by: 'ratio' as const }
      return [
        { question: `warm requests with a pass, ${CONNECTIONS} connections`, lotan: warm.pass, ...asked },
        { question: 'requests without a pass turned away, the preview running', lotan: warm.refusedWarm, ...asked },
        { question: 'the same of a preview that was never started', lotan: warm.refusedCold, ...asked },
      ]
    } finally {
      await Promise.all([open.stop(), gated.stop()])
      await registry.close()
    }
  },
}

/** Goes the way that a browser goes. @returns the Cookie header of a visitor who knows the password */
async function passOf(lotan: Awaited<ReturnType<typeof startLotan>>): Promise<string> {
  const admin = new URL(lotan.admin)
  const path = '/enter?at=fast&to=%2F'
  const form = { Origin: admin.origin, 'Content-Type': 'application/x-www-form-urlencoded' }
  const body = new URLSearchParams({ password: PASSWORD }).toString()
  const known = await lotan.ask({ host: admin.host, method: 'POST', path, headers: form, body })
  const session = cookieIn(known.headers)
  const led = await lotan.ask({ host: admin.host, path, headers: { Cookie: session } })
  const entrance = new URL(led.headers.location ?? '')
  return cookieIn((await lotan.request('fast', { path: `${entrance.pathname}${entrance.search}` })).headers)
}

function cookieIn(headers: { 'set-cookie'?: string[] }): string {
  const cookie = headers['set-cookie']?.[0]?.split(';')[0]
  if (!cookie) throw new Error('no cookie was set')
  return cookie
}
