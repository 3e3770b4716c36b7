/**
 * An application that answers GET /say/SCRIPT with the bytes of the script (see `pathOf`), and any other request with
 * its counters: scripts asked for, scripts finished, open connections.
 */
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Line {
  /** Milliseconds to wait first. */
  after?: number
  /** One character a byte. */
  text?: string
  /** Says `text` so often. */
  times?: number
  /** Repeats `text` for as long as it is read. */
  endless?: true
  /** Milliseconds after each time. */
  every?: number
  close?: true
}

export interface Known {
  asked: number
  said: number
  open: number
}

export function pathOf(script: Line[]): string {
  return `/say/${Buffer.from(JSON.stringify(script)).toString('base64url')}`
}

/** @param head further header lines, each with its line end */
export function answerOf(status: string, body = '', head = ''): string {
  return `HTTP/1.1 ${status}\r\n${head}Content-Length: ${body.length}\r\n\r\n${body}`
}

export function serveScripts(): net.Server {
  const known: Known = { asked: 0, said: 0, open: 0 }
  return net.createServer((socket) => {
    known.open++
    socket.on('close', () => known.open--)
    socket.on('error', () => {})
    let read = ''
    socket.on('data', (piece) => {
      read += piece.toString('latin1')
      for (let end = read.indexOf('\r\n\r\n'); end >= 0; end = read.indexOf('\r\n\r\n')) {
        const length = Number(/^content-length: (\d+)/im.exec(read.slice(0, end))?.[1] ?? 0)
        if (read.length < end + 4 + length) return
        const [, path = ''] = read.split(' ', 2)
        read = read.slice(end + 4 + length)
        const script = /^\/say\/([\w-]+)/.exec(path)?.[1]
        if (script) void say(JSON.parse(Buffer.from(script, 'base64url').toString()) as Line[], socket, known)
        else socket.write(answerOf('200 OK', JSON.stringify(known)))
      }
    })
  })
}

async function say(script: Line[], socket: net.Socket, known: Known): Promise<void> {
  known.asked++
  for (const { after = 0, text = '', times = 1, endless, every = 0, close } of script) {
    if (after > 0) await sleep(after)
    const bytes = Buffer.from(text, 'latin1')
    for (let time = 0; (endless || time < times) && !socket.destroyed; time++) {
      if (!socket.write(bytes))
        await new Promise<void>((resolve) => socket.once('drain', resolve).once('close', resolve))
      if (every > 0) await sleep(every)
    }
    if (close) socket.end()
  }
  known.said++
}

// When it runs as an image's command.
if (process.argv[1] === import.meta.filename) serveScripts().listen(80)
