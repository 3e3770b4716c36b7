/** The engine's own event stream says what was done to which container. */
import type { IncomingMessage } from 'node:http'
import { http } from '../../../shared/http.ts'
import { previewOf } from '../../../shared/engine/preview-labels.ts'
import { engineAddress } from '../../harness/docker.ts'

interface Told {
  Action: string
  Actor: { ID: string; Attributes: Record<string, string> }
}

/** As many containers of a preview may run at once: the one that serves, its successor, and one on its way out. */
const MOST_AT_ONCE = 3
/** Two of one service would write to the same data. */
const MOST_OF_SERVICE = 1

export type Judge = Awaited<ReturnType<typeof openJudge>>

/** @param foreign the ids of containers that Lotan may not touch */
export async function openJudge(instance: string, foreign: readonly string[]) {
  const faults: string[] = []
  const running = new Map<string, Set<string>>()
  let heard = 0

  function hear({ Action, Actor: { ID, Attributes } }: Told) {
    heard++
    if (foreign.includes(ID)) return void faults.push(`${Action} of ${Attributes.name}, which is not Lotan's`)
    const id = previewOf(Attributes)
    if (Attributes['lotan.instance'] !== instance || id === undefined) return
    const service = Attributes['lotan.service']
    const key = service === undefined ? id : `${id}+${service}`
    const most = service === undefined ? MOST_AT_ONCE : MOST_OF_SERVICE
    const here = running.get(key) ?? new Set()
    if (Action === 'start') here.add(ID)
    if (Action === 'die') here.delete(ID)
    running.set(key, here)
    if (Action === 'start' && here.size > most) faults.push(`${here.size} containers of ${key} run at once`)
  }

  const filters = encodeURIComponent(JSON.stringify({ type: ['container'] }))
  const request = http.get({ ...engineAddress(), path: `/events?filters=${filters}` })
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve)
    request.once('error', reject)
  })
  let rest = ''
  response.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    for (const line of lines.filter(Boolean)) hear(JSON.parse(line) as Told)
  })
  const closed = () => faults.push('the engine ended its event stream')
  response.once('close', closed)

  return {
    faults: (): readonly string[] => faults,
    heard: () => heard,
    close() {
      response.off('close', closed).on('error', () => {})
      request.on('error', () => {}).destroy()
    },
  }
}
