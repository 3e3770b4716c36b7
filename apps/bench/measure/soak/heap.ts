/**
 * V8's heap of a program of Lotan's. SIGUSR1 opens the inspector of any Node, on one port for all of them: so they are
 * asked one after the other.
 */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { until } from '../../../testing/harness/until.ts'

const INSPECTOR = 'http://127.0.0.1:9229/json/list'
/** The inspector closes once its answer has been sent. */
const CLOSE = 'void setTimeout(() => process._debugEnd(), 10)'

interface Usage {
  usedSize: number
  backingStorageSize: number
}

/** @returns bytes that are left after a collection of garbage, those of buffers included */
export async function heapOf(pid: number): Promise<number> {
  process.kill(pid, 'SIGUSR1')
  const url = await until('the inspector answers', findTarget)
  const socket = new WebSocket(url)
  await once(socket, 'open')
  const ask = questions(socket)
  const { result } = await ask<{ result: { value: number } }>('Runtime.evaluate', { expression: 'process.pid' })
  if (result.value !== pid) throw new Error(`the inspector is that of ${result.value}, not of ${pid}`)
  // What the first one finalizes the second one collects.
  for (let i = 0; i < 2; i++) await ask('HeapProfiler.collectGarbage')
  const { usedSize, backingStorageSize } = await ask<Usage>('Runtime.getHeapUsage')
  await ask('Runtime.evaluate', { expression: CLOSE })
  await once(socket, 'close')
  await until('the inspector is closed', () =>
    findTarget()
      .then(() => false)
      .catch(() => true),
  )
  await sleep(100)
  return usedSize + backingStorageSize
}

async function findTarget(): Promise<string | undefined> {
  const targets = (await (await fetch(INSPECTOR)).json()) as { webSocketDebuggerUrl: string }[]
  return targets[0]?.webSocketDebuggerUrl
}

function questions(socket: WebSocket) {
  let asked = 0
  return async <T>(method: string, params: object = {}): Promise<T> => {
    const id = ++asked
    socket.send(JSON.stringify({ id, method, params }))
    for (;;) {
      const [text] = (await once(socket, 'message')) as [Buffer]
      const message = JSON.parse(text.toString()) as { id?: number; result: T }
      if (message.id === id) return message.result
    }
  }
}
