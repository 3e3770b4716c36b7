/** Bytes between a connection and streams: who reads slowly slows the writer. */
import type { Readable, Writable } from 'node:stream'

/** @param send returns undefined, or what to wait for before there is more */
export function pump(source: Readable, send: (bytes: Buffer) => Promise<void> | undefined): void {
  source.on('data', (bytes: Buffer) => {
    const full = send(bytes)
    if (!full) return
    source.pause()
    void full.then(() => source.resume())
  })
}

/** @returns undefined, or what to wait for before there is more. What is over takes all, and keeps nothing. */
export function feed(input: Writable, bytes: Buffer): Promise<void> | undefined {
  if (!input.writable || input.write(bytes)) return undefined
  return new Promise((resolve) => {
    const goOn = () => {
      for (const event of ['drain', 'close', 'error']) input.off(event, goOn)
      resolve()
    }
    for (const event of ['drain', 'close', 'error']) input.on(event, goOn)
  })
}
