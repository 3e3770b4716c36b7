/** `ssh menu@…`: a list of previews to go into, which comes again when one has been left. */
import { nextBeat } from '../../../shared/beat.ts'
import { endWords } from '../../sessions/end-words.ts'
import type { ShellContext } from '../../context.ts'
import type { SessionChannel, Terminal } from '../channel.ts'
import type { Client } from '../client.ts'
import { readUserName } from '../user-name.ts'
import { keysIn } from './keys.ts'
import { keepChosen, linesOf, press, tableOf, type Menu } from './list.ts'
import { rowsFor } from './rows.ts'

const LOOK_MS = 1_000
const CLEAR = '\x1b[J'
const CLEAR_ALL = '\x1b[2J\x1b[H'
const BELL = '\x07'

/** Without a terminal: once. */
export async function printMenu(context: ShellContext, { key }: Client, { out }: SessionChannel): Promise<void> {
  const lines = tableOf(rowsFor(context, key, Date.now()))
  await out(Buffer.from(lines.map((line) => `${line}\n`).join('')))
}

/**
 * @param go into the preview of this name, until that is over; false where the list does not come again
 * @param onResize takes what to call when the terminal has another size
 */
export async function showMenu(
  context: ShellContext,
  client: Client,
  channel: SessionChannel,
  terminal: Terminal,
  go: (name: string) => Promise<boolean>,
  onResize: (draw: () => void) => void,
): Promise<void> {
  for (;;) {
    const name = await choose(context, client, channel, terminal, onResize)
    if (name === null || channel.left.aborted) return
    if (!(await go(name)) || channel.left.aborted) return
    await channel.out(Buffer.from('\r\n'))
  }
}

/** @returns null where they leave */
async function choose(
  context: ShellContext,
  { key }: Client,
  { input, out, tell, left }: SessionChannel,
  terminal: Terminal,
  onResize: (draw: () => void) => void,
): Promise<string | null> {
  const over = new AbortController()
  const signal = AbortSignal.any([left, over.signal])
  const idle = context.config.shell?.idle ?? Infinity
  let menu: Menu = { typed: '', chosen: 0 }
  let rows = rowsFor(context, key, Date.now())
  let drawn: string[] = []
  let lastKey = Date.now()
  let chosen: string | null = null

  const top = () => (drawn.length > 1 ? `\r\x1b[${drawn.length - 1}A` : '\r')
  /** @param clear the whole screen: what is on it is not known */
  function draw(clear = false) {
    const lines = linesOf(menu, rows, terminal.size)
    if (!clear && lines.join('\n') === drawn.join('\n')) return
    const text = (clear ? CLEAR_ALL : top() + CLEAR) + lines.join('\r\n')
    drawn = lines
    void out(Buffer.from(text))
  }
  function end(name: string | null) {
    chosen = name
    over.abort()
  }
  const onData = (bytes: Buffer) => {
    lastKey = Date.now()
    for (const pressed of keysIn(bytes)) {
      if (signal.aborted) return
      const { menu: next, does } = press(menu, pressed, rows)
      menu = next
      if (does.is === 'leave') end(null)
      else if (does.is === 'draw') draw(true)
      else if (does.is === 'enter' && readUserName(does.name)?.is === 'preview') end(does.name)
      else if (does.is === 'enter') void out(Buffer.from(BELL))
    }
    if (!signal.aborted) draw()
  }
  const onEnd = () => end(null)

  if (input.readableEnded) return null
  input.on('data', onData)
  input.once('end', onEnd)
  input.resume()
  onResize(() => draw(true))
  draw()
  while (!signal.aborted) {
    await nextBeat(LOOK_MS, signal)
    if (signal.aborted) break
    if (Date.now() - lastKey > idle) {
      await tell(`\n${endWords({ why: 'idle' }, '', idle)}`)
      end(null)
    }
    const now = rowsFor(context, key, Date.now())
    menu = keepChosen(menu, rows, now)
    rows = now
    if (!signal.aborted) draw()
  }
  onResize(() => {})
  input.pause()
  input.off('data', onData)
  input.off('end', onEnd)
  await out(Buffer.from(top() + CLEAR))
  return chosen
}
