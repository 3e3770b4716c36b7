/** A command inside a running container. */
import fs from 'node:fs'
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
}

/**
 * As the container's own user. A command whose time is up is killed where its process can be seen from here: the engine
 * itself has no call that ends it.
 * @param options.ms how long it may take @throws EngineError, where the container does not run too
 */
export async function exec(
  docker: Docker,
  id: string,
  command: string[],
  options: { ms: number; lines: number; signal?: AbortSignal; local: boolean },
): Promise<Executed> {
  const { ms, lines, signal, local } = options
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
  if (Running && local) kill(Pid, id)
  return { exitCode: Running ? null : ExitCode, output }
}

/** The number may be another machine's, or another process's by now. */
function kill(pid: number, container: string): void {
  try {
    if (fs.readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(container)) process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended, or Lotan runs in a container of its own.
  }
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
