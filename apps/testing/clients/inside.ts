/** A session inside a preview, as the command line holds one. */
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import type { SessionEnd } from '../../shared/shell/session-kind.ts'
import { connect } from '../../lotan/cli/inside/connection.ts'

export interface Inside {
  /** What it was told while it came in, and while it was in. */
  lines: () => readonly string[]
  output: () => string
  say: (text: string) => Promise<void>
  leave: () => void
  /** Null: it was cut. */
  ended: Promise<SessionEnd | null>
}

/** @returns once it is inside @throws where it does not come in */
export async function goInside(
  lotan: { port: number; domain: string; token: string },
  id: PreviewId,
  command: string[],
  more: readonly (readonly [string, string])[] = [],
): Promise<Inside> {
  const { port, domain, token } = lotan
  const api = { base: `http://${domain}:${port}`, connect: { host: '127.0.0.1', port, secure: false }, token }
  const lines: string[] = []
  let output = ''
  const begun = Promise.withResolvers<void>()
  const over = Promise.withResolvers<SessionEnd | null>()
  // It may be refused before anything waits for that.
  begun.promise.catch(() => {})
  const query = [...more, ...command.map((word) => ['cmd', word] as const)]
  const connection = await connect(api, id, 'exec', query, {
    message(message) {
      if (message.type === 'open') begun.resolve()
      if (message.type === 'progress' || message.type === 'notice') lines.push(message.line)
      if (message.type === 'refused') begun.reject(new Error(`${message.problem}: ${message.detail}`))
      if (message.type === 'end') over.resolve(message.end)
    },
    bytes: (_stream, piece) => void (output += piece.toString()),
    closed() {
      begun.reject(new Error('it was cut before it was inside'))
      over.resolve(null)
    },
  })
  await begun.promise
  return {
    lines: () => lines,
    output: () => output,
    say: (text) => connection.send(Buffer.from(text)),
    leave: () => connection.close(),
    ended: over.promise,
  }
}
