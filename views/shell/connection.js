// One session: its ticket, its WebSocket, and another one where that breaks. Knows no page.
import { SUBPROTOCOL, streams } from '../../apps/shared/shell/frames.ts'

const KEPT = 30_000 // milliseconds that Lotan keeps a shell whose connection broke
const WAITS = [300, 1000, 2000, 4000, 5000] // milliseconds from one try to the next
const MOST = 64 * 1024 // bytes in one message; Lotan takes no large ones
const LEFT = 1000 // the close code that ends the session at once: any other may be a connection that broke

/**
 * @param tickets, exec addresses @param sizeOf how many columns and rows there are now
 * @param told called with bytes(Uint8Array), progress(line), open(isSame), broken({again, left}), notice(line) and, once
 *   and last, over({end}), over({refused: {problem, detail}}) or over({lost: true})
 */
export function openConnection({ tickets, exec, service, sizeOf, told }) {
  let socket
  let resume = null // what another connection comes back with
  let seen = 0 // bytes of output that have come: another connection goes on behind them
  let brokeAt // undefined while it holds
  let tries = 0
  let isOpen = false
  let isOver = false
  let timer

  addEventListener('online', now)
  addEventListener('offline', cut)
  void begin()

  async function begin() {
    const ticket = await ticketOf()
    if (isOver) return
    if (ticket === undefined) return later()
    if (ticket.refused) return over({ refused: ticket.refused })
    const { columns, rows } = sizeOf()
    const begins = { term: 'xterm-256color', ...(service && { service }) }
    const again = { resume, seen }
    const query = new URLSearchParams({ ticket, tty: 1, via: 'page', columns, rows, ...(resume ? again : begins) })
    const url = new URL(`${exec}?${query}`, location.href)
    url.protocol = url.protocol.replace('http', 'ws')
    listen(new WebSocket(url, SUBPROTOCOL))
  }

  /** @returns undefined where it is worth another try */
  async function ticketOf() {
    try {
      const answer = await fetch(tickets, {
        method: 'POST',
        headers: { Accept: 'application/json' },
        cache: 'no-store',
      })
      if (answer.status >= 500 || answer.status === 429) return undefined
      const told = await answer.json().catch(() => ({}))
      if (answer.ok) return told.ticket
      return {
        refused: { problem: told.type?.split('/').at(-1), detail: told.detail ?? `Lotan answers ${answer.status}.` },
      }
    } catch {
      return undefined
    }
  }

  function listen(fresh) {
    socket = fresh
    socket.binaryType = 'arraybuffer'
    socket.onmessage = ({ data }) => {
      if (socket !== fresh) return
      if (typeof data === 'string') return hear(JSON.parse(data))
      const bytes = new Uint8Array(data, 1)
      seen += bytes.length
      told.bytes(bytes)
    }
    socket.onclose = () => socket === fresh && broke()
  }

  function hear(message) {
    if (message.type === 'progress') told.progress(message.line)
    else if (message.type === 'notice') told.notice(message.line)
    else if (message.type === 'end') over({ end: message.end })
    else if (message.type === 'refused') over(resume ? { lost: true } : { refused: message })
    else if (message.type === 'open') {
      const isSame = brokeAt !== undefined
      ;[resume, brokeAt, tries, isOpen] = [message.resume, undefined, 0, true]
      told.open(isSame)
    }
  }

  function broke() {
    if (isOver) return
    if (isOpen && !resume) return over({ lost: true })
    if (isOpen) brokeAt = Date.now()
    isOpen = false
    later()
  }

  /** The last try may come after the 30 s: it is Lotan that knows when they began. */
  function later() {
    const left = brokeAt === undefined ? null : brokeAt + KEPT - Date.now()
    if (left !== null && left < 0) return over({ lost: true })
    const wait = WAITS[Math.min(tries++, WAITS.length - 1)]
    told.broken({ again: Math.floor(wait / 1000), left: left === null ? null : Math.ceil(left / 1000) })
    clearTimeout(timer)
    timer = setTimeout(now, wait)
  }

  function now() {
    if (timer === undefined) return
    clearTimeout(timer)
    timer = undefined
    void begin()
  }

  /** A connection over a network that is gone breaks only minutes later. */
  function cut() {
    const cutOff = socket
    if (!isOpen) return
    socket = undefined
    cutOff.close()
    broke()
  }

  function over(why) {
    if (isOver) return
    close()
    told.over(why)
  }

  function close() {
    isOver = true
    isOpen = false
    clearTimeout(timer)
    timer = undefined
    removeEventListener('online', now)
    removeEventListener('offline', cut)
    socket?.close(LEFT)
  }

  function say(message) {
    if (isOpen) socket.send(JSON.stringify(message))
  }

  return {
    /** @param bytes Uint8Array; what is typed while the connection is broken is dropped, as the page says */
    send(bytes) {
      for (let at = 0; isOpen && at < bytes.length; at += MOST) {
        const piece = bytes.subarray(at, at + MOST)
        const frame = new Uint8Array(piece.length + 1)
        frame[0] = streams.input
        frame.set(piece, 1)
        socket.send(frame)
      }
    },
    resize: ({ columns, rows }) => say({ type: 'resize', columns, rows }),
    close,
  }
}
