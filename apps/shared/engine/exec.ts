/** A command inside a running container. */
import type { Readable } from 'node:stream'
import type Docker from 'dockerode'
import { call, REQUEST_MS } from './call.ts'
import { demultiplexer, linesOf } from './output.ts'

const MAX_BYTES = 16 * 1024

export interface Executed {
  /** Null where it had not ended when its time was up. */
  exitCode: number | null
  /** The last lines, oldest first. */
  output: string[]
  /** Of this machine, or of the engine's; null once it has ended. */
  pid: number | null
}

/**
 * As the container's own user. A command whose time is up runs on: the engine lets nobody end it.
 * @param options.ms how long it may take @throws EngineError, where the container does not run too
 */
export async function exec(
  docker: Docker,
  id: string,
  command: string[],
  options: { ms: number; lines: number; signal?: AbortSignal },
): Promise<Executed> {
  const { ms, lines, signal } = options
  const made = await call(`preparing a command in ${id}`, (abort) =>
    docker.getContainer(id).exec({ Cmd: command, AttachStdout: true, AttachStderr: true, ...abort }),
  )
  const stream = (await call(`running a command in ${id}`, (abort) => made.start({ ...abort }), {
    ms: REQUEST_MS + ms,
    signal,
  })) as unknown as Readable
  const said = await whatItSays(stream, ms, signal)
  signal?.throwIfAborted()
  const { Running, ExitCode, Pid } = await call(`asking for a command in ${id}`, (abort) => made.inspect({ ...abort }))
  const output = linesOf(said.toString('utf8'), lines)
  return Running ? { exitCode: null, output, pid: Pid || null } : { exitCode: ExitCode ?? null, output, pid: null }
}

/** Until it ends, or its time is up. What is too long loses its beginning. */
function whatItSays(stream: Readable, ms: number, signal: AbortSignal | undefined): Promise<Buffer> {
  return new Promise((resolve) => {
    let said: Buffer = Buffer.alloc(0)
    const text = stream.pipe(demultiplexer())
    const timer = setTimeout(end, ms)
    function end() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      stream.destroy()
      resolve(said)
    }
    text.on('data', (chunk: Buffer) => (said = Buffer.concat([said, chunk]).subarray(-MAX_BYTES)))
    text.on('end', end)
    stream.on('error', end)
    stream.on('close', () => text.end())
    signal?.addEventListener('abort', end, { once: true })
    if (signal?.aborted) end()
  })
}
