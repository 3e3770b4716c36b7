/** Carries what is said both ways between a client and what it talks to, until that ends. */
import type { Readable } from 'node:stream'
import type { SessionEnd } from '../../shared/shell/session-kind.ts'
import type { Talk } from '../sessions/talk.ts'
import type { SessionChannel } from './channel.ts'

/** A client that reads nothing does not keep a session that was cut. */
const LAST_BYTES_MS = 1_000

export async function converse(talk: Talk, channel: SessionChannel): Promise<SessionEnd> {
  const { session, output, errors } = talk
  session.onNotice((line) => void channel.tell(line))
  const stop = carryInput(talk, channel)
  const carried = Promise.all([carry(output, channel.out), errors && carry(errors, channel.err)])
  // What ends it from outside is told at once: its processes are ended meanwhile.
  const end = await Promise.race([talk.ended, endedBy(session.signal)])
  stop()
  if (end.why === 'exited') await Promise.race([carried, goneFrom(channel)])
  else if (end.why !== 'lotan-ended') await Promise.race([carried, goneFrom(channel), timeout(LAST_BYTES_MS)])
  return end

  async function carry(from: Readable, write: (chunk: Buffer) => Promise<void>): Promise<void> {
    try {
      for await (const chunk of from) {
        session.touch()
        await write(chunk as Buffer)
      }
    } catch {
      // It was cut.
    }
  }
}

/** @returns what stops it: what is said from then on waits in the channel */
function carryInput({ session, input }: Talk, { input: channel }: SessionChannel): () => void {
  const resume = () => void channel.resume()
  const onData = (chunk: Buffer) => {
    session.touch()
    if (input.write(chunk)) return
    channel.pause()
    input.once('drain', resume)
  }
  const onEnd = () => void input.end()
  // Who reads its output is told by that.
  input.on('error', () => {})
  channel.on('data', onData)
  channel.once('end', onEnd)
  // It may have been paused before.
  channel.resume()
  return () => {
    channel.pause()
    channel.off('data', onData)
    channel.off('end', onEnd)
    input.off('drain', resume)
  }
}

function endedBy(signal: AbortSignal): Promise<SessionEnd> {
  return new Promise((resolve) => {
    const tell = () => resolve(signal.reason as SessionEnd)
    if (signal.aborted) tell()
    signal.addEventListener('abort', tell, { once: true })
  })
}

function goneFrom({ left }: SessionChannel): Promise<void> {
  return new Promise((resolve) => {
    if (left.aborted) resolve()
    left.addEventListener('abort', () => resolve(), { once: true })
  })
}

function timeout(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms))
}
