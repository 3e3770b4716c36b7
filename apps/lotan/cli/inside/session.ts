/** One command, or a shell, in a preview, with this process's own input, output and terminal. */
import { constants } from 'node:os'
import type { PreviewId } from '../../../shared/preview/preview-id.ts'
import { streams } from '../../../shared/shell/frames.ts'
import type { SessionEnd } from '../../../shared/shell/session-kind.ts'
import { exit } from '../command.ts'
import type { Context } from '../context.ts'
import { connect, type Connection } from './connection.ts'
import { reportOf } from './end.ts'
import { openProgress } from './progress.ts'
import { openEscape } from './terminal/escape.ts'
import { makeRaw, sizeOf } from './terminal/raw.ts'

export interface SessionAsk {
  id: PreviewId
  /** As its lines name it: `pr-7+db`. */
  name: string
  kind: 'exec' | 'run'
  terminal: boolean
  query: readonly (readonly [name: string, value: string])[]
}

/** Somebody who presses Ctrl-C so often wants out, whatever the command makes of it. */
const LEAVES_AT = 3
const BROKEN_PIPE = 128 + constants.signals.SIGPIPE

/** @returns the exit status: that of the command @throws Failure */
export async function holdSession(context: Context, ask: SessionAsk): Promise<number> {
  const { api, say, term, output } = context
  const { id, name, kind, terminal } = ask
  const { stdin, stdout, stderr } = process
  const progress = openProgress(name, stderr, term, say)
  const over = Promise.withResolvers<number>()
  let connection: Connection | undefined
  let giveBack = () => {}
  let isOpen = false
  let end: SessionEnd | null = null
  let refused: string | undefined

  /** In raw mode the cursor stays in its column. */
  function tell(line: string) {
    const isRaw = stdin.isTTY && stdin.isRaw
    for (const one of line.split('\n')) {
      if (isRaw) stderr.write('\r\n')
      say(one)
      if (isRaw) stderr.write('\r')
    }
  }

  function begin() {
    isOpen = true
    progress.wipe()
    if (terminal) {
      giveBack = makeRaw(stdin)
      stdout.on('resize', resize)
      // It may have changed while the preview woke.
      resize()
    }
    void pump()
  }

  function resize() {
    connection?.tell({ type: 'resize', ...sizeOf(stdout) })
  }

  async function pump() {
    const escape = openEscape()
    try {
      for await (const piece of stdin as AsyncIterable<Buffer>) {
        const { send, leaves } = terminal ? escape(piece) : { send: piece, leaves: false }
        if (send.length > 0) await connection!.send(send)
        if (leaves) return leave()
      }
    } catch {
      // An input that cannot be read is at its end.
    }
    connection!.tell({ type: 'eof' })
  }

  function leave() {
    tell(`left ${name}`)
    over.resolve(exit.interrupted)
  }

  const close = (one: Connection) => one.close()
  let interrupts = 0
  const onInterrupt = () => {
    interrupts += 1
    if (!isOpen || interrupts >= LEAVES_AT) over.resolve(exit.interrupted)
    else connection?.tell({ type: 'signal', name: 'INT' })
  }
  const endings = ['SIGTERM', 'SIGHUP'] as const
  const onEnding = (signal: (typeof endings)[number]) => over.resolve(128 + constants.signals[signal])
  process.on('SIGINT', onInterrupt)
  for (const signal of endings) process.on(signal, onEnding)
  output.closed.addEventListener('abort', () => over.resolve(BROKEN_PIPE), { once: true })

  try {
    const size = terminal ? sizeOf(stdout) : null
    const query = size
      ? ([
          ...ask.query,
          ['tty', '1'],
          ['columns', `${size.columns}`],
          ['rows', `${size.rows}`],
          ['term', term],
        ] as const)
      : ask.query
    const connecting = connect(api, id, kind, query, {
      message(message) {
        switch (message.type) {
          case 'progress':
            return progress.show(message.line)
          case 'open':
            // It is said in the same breath as the connection opens.
            return void connecting.then(begin, () => {})
          case 'notice':
            return tell(message.line)
          case 'refused':
            refused = message.detail.includes(id) ? message.detail : `${name}: ${message.detail}`
            return void connecting.then(close, () => {})
          case 'end':
            end = message.end
            return void connecting.then(close, () => {})
          case 'eof':
            return undefined
        }
      },
      bytes(stream, piece) {
        const out = stream === streams.errors ? stderr : stdout
        if (out.write(piece)) return
        connection?.pause()
        out.once('drain', () => connection?.resume())
      },
      closed() {
        progress.wipe()
        const { status, line } = refused === undefined ? reportOf(end, name) : { status: exit.own, line: refused }
        if (line !== undefined) tell(line)
        over.resolve(status)
      },
    })
    connecting.then((made) => (connection = made), over.reject)
    const status = await over.promise
    await Promise.all([stdout, stderr].map(written))
    return status
  } finally {
    progress.wipe()
    giveBack()
    connection?.close()
  }
}

/** What was written has gone on; or its reader has. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed) return resolve()
    stream.once('close', resolve).once('error', () => resolve())
    stream.write('', () => resolve())
  })
}
