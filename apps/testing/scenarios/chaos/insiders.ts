/** People inside previews, while accidents happen to these. */
import fs from 'node:fs'
import type { PreviewId } from '../../../shared/preview/preview-id.ts'
import { goInside, type Inside } from '../../clients/inside.ts'
import type { Lotan } from '../../harness/lotan.ts'
import { processes } from '../../harness/processes.ts'

/** One more: the first of them leaves. */
const MOST = 2
/** It ends neither by itself nor kindly. */
const STAYS = `process.on('SIGTERM', () => {}).on('SIGHUP', () => {}); setInterval(() => console.log('.'), 500)`

export type Insiders = ReturnType<typeof openInsiders>

export function openInsiders(lotan: Pick<Lotan, 'port' | 'domain' | 'token'>) {
  const open = new Set<Inside>()
  let came = 0
  let isOver = false

  return {
    came: () => came,

    /** @throws where it does not come in */
    async come(id: PreviewId): Promise<void> {
      const inside = await goInside(lotan, id, ['/bin/node', '-e', STAYS])
      if (isOver) return inside.leave()
      came++
      open.add(inside)
      void inside.ended.then(() => open.delete(inside))
      const [first] = open
      if (open.size > MOST) first!.leave()
    },

    /** @throws where no session is open */
    async goAway(): Promise<void> {
      const [first] = open
      if (!first) throw new Error('nobody is inside')
      first.leave()
      await first.ended
    },

    /** Whoever comes later leaves at once. */
    async allGoAway(): Promise<void> {
      isOver = true
      await Promise.all([...open].map((one) => (one.leave(), one.ended)))
    },
  }
}

/** @returns the programs that sessions have begun in this Lotan's previews, and that are not ended with them */
export function leftInside({ port, store }: Pick<Lotan, 'port' | 'store'>): string[] {
  const open = new Set(store.shellSessions.list().map(({ id }) => id))
  return processes().flatMap(({ pid, command }) => {
    const environment = environmentOf(pid)
    const session = /(?:^|\0)LOTAN_SESSION=([0-9a-f]+)/.exec(environment)?.[1]
    const isOurs = new RegExp(`(?:^|\\0)LOTAN_URL=[^\\0]*:${port}\\0`).test(environment)
    return session !== undefined && isOurs && !open.has(session) ? [`${command} runs, its session is over`] : []
  })
}

function environmentOf(pid: number): string {
  try {
    return `${fs.readFileSync(`/proc/${pid}/environ`, 'utf8')}\0`
  } catch {
    return ''
  }
}
