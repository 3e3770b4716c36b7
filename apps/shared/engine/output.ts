import { Readable, Transform, type TransformCallback } from 'node:stream'
import type Docker from 'dockerode'
import { call } from './call.ts'

const MAX_LINE = 1_000

export interface LogOptions {
  tail: number
  follow: boolean
  /** Each line begins with its own time (RFC 3339, UTC) and a space. */
  timestamps?: boolean
  signal?: AbortSignal
}

export async function logs(docker: Docker, id: string, options: LogOptions): Promise<Readable> {
  const { tail, follow, timestamps = false, signal } = options
  const container = docker.getContainer(id)
  if (!follow) return Readable.from([await pastOutput(docker, id, { tail, timestamps })])
  // Only the request has a deadline; the stream lives until the caller or the container ends it.
  const stream = (await call(
    `reading the output of ${id}`,
    (abort) => container.logs({ stdout: true, stderr: true, tail, timestamps, follow: true, ...abort }),
    { signal },
  )) as Readable
  const text = demultiplexer()
  const end = () => void (stream.destroy(), text.destroy())
  signal?.addEventListener('abort', end, { once: true })
  if (signal?.aborted) end()
  text.on('close', () => stream.destroy())
  stream.on('error', () => text.end())
  stream.on('close', () => text.end())
  return stream.pipe(text)
}

/** Oldest first, without terminal colours, each line cut at MAX_LINE. */
export async function output(docker: Docker, id: string, lines: number): Promise<string[]> {
  return linesOf((await pastOutput(docker, id, { tail: lines, timestamps: false })).toString('utf8'), lines)
}

/** The last of them. */
export function linesOf(text: string, lines: number): string[] {
  return text
    .split('\n')
    .map(bare)
    .filter((line, index, all) => line !== '' || index < all.length - 1)
    .slice(-lines)
}

async function pastOutput(docker: Docker, id: string, past: { tail: number; timestamps: boolean }): Promise<Buffer> {
  const answer = await call(`reading the output of ${id}`, (abort) =>
    docker.getContainer(id).logs({ stdout: true, stderr: true, ...past, follow: false, ...abort }),
  )
  const parts: Buffer[] = []
  for await (const part of Readable.from([Buffer.from(answer)]).pipe(demultiplexer())) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

/** A frame: one byte of stream number, three zeros, four of length, the text. A terminal's output has no frames. */
export function demultiplexer(): Transform {
  let pending: Buffer = Buffer.alloc(0)
  let left = 0
  let raw = false
  return new Transform({
    transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback) {
      if (raw) return done(null, chunk)
      let data = pending.length ? Buffer.concat([pending, chunk]) : chunk
      pending = Buffer.alloc(0)
      while (data.length) {
        if (left === 0) {
          if (data[0]! > 2) {
            raw = true
            this.push(data)
            return done()
          }
          if (data.length < 8) break
          left = data.readUInt32BE(4)
          data = data.subarray(8)
          continue
        }
        const text = data.subarray(0, left)
        this.push(text)
        left -= text.length
        data = data.subarray(text.length)
      }
      pending = data
      done()
    },
  })
}

function bare(line: string): string {
  const text = line.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '').replace(/\r$/, '')
  return text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)}…` : text
}
