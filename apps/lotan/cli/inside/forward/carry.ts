/** One connection that a program made here, carried to a port inside. */
import type net from 'node:net'
import type { PreviewId } from '../../../../shared/preview/preview-id.ts'
import type { SessionEnd } from '../../../../shared/shell/session-kind.ts'
import type { Api } from '../../api.ts'
import { connect, type Connection } from '../connection.ts'

export interface Told {
  progress(line: string): void
  /** It is inside now. */
  open(): void
  notice(line: string): void
}

/** What came of it. `ended`: both sides had said all. */
export type Carried = { how: 'ended' } | { how: 'refused'; detail: string } | { how: 'cut'; end: SessionEnd | null }

/** @param local not read yet; destroyed in the end @throws Failure where Lotan does not answer, or does not let it in */
export async function carry(api: Api, id: PreviewId, to: string, local: net.Socket, told: Told): Promise<Carried> {
  const over = Promise.withResolvers<Carried>()
  let connection: Connection | undefined
  let end: SessionEnd | null = null
  let refused: string | undefined
  let isWhole = false

  async function send(open: Connection) {
    try {
      for await (const piece of local.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>)
        await open.send(piece)
      open.tell({ type: 'eof' })
    } catch {
      // Its program broke it off.
      open.close()
    }
  }

  try {
    // A program that has gone before its connection was inside.
    local.on('error', () => {})
    local.once('close', () => {
      if (!isWhole) connection?.close()
      over.resolve({ how: 'ended' })
    })
    const connecting = connect(api, id, 'forward', [['to', to]], {
      message(message) {
        switch (message.type) {
          case 'progress':
            return told.progress(message.line)
          case 'open':
            told.open()
            return void connecting.then(send, () => {})
          case 'notice':
            return told.notice(message.line)
          case 'eof':
            isWhole = true
            return void local.end()
          case 'refused':
            refused = message.detail
            return void connecting.then(close, () => {})
          case 'end':
            end = message.end
            return void connecting.then(close, () => {})
        }
      },
      bytes(_stream, piece) {
        if (local.write(piece)) return
        connection?.pause()
        local.once('drain', () => connection?.resume())
      },
      closed() {
        if (refused !== undefined) over.resolve({ how: 'refused', detail: refused })
        else if (end?.why === 'exited' || isWhole) local.end(() => over.resolve({ how: 'ended' }))
        else over.resolve({ how: 'cut', end })
      },
    })
    connecting.then((made) => {
      connection = made
      if (local.destroyed) made.close()
    }, over.reject)
    const carried = await over.promise
    if (carried.how === 'ended') local.destroySoon()
    else local.resetAndDestroy()
    return carried
  } catch (error) {
    local.resetAndDestroy()
    throw error
  } finally {
    connection?.close()
  }
}

const close = (one: Connection) => one.close()
