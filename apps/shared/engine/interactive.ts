/** Commands inside a running container that somebody talks to, and the container's own process. */
import { PassThrough, type Duplex, type Readable } from 'node:stream'
import type Docker from 'dockerode'
import { call } from './call.ts'

export interface Size {
  columns: number
  rows: number
}

export interface Command {
  command: string[]
  /** `A=1`, beside the container's own. */
  env?: string[]
  /** Null: no terminal, and its errors are a stream of their own. */
  terminal: Size | null
  /** The container's own where it is left out: a name or `UID:GID`. */
  user?: string
  workingDir?: string
}

export interface Conversation {
  /** Ended by its writer, the other side reads its end, and may go on to write. */
  input: Duplex
  output: Readable
  /** Null with a terminal: that has one stream. */
  errors: Readable | null
  resize: (size: Size) => Promise<void>
}

export interface RunningCommand extends Conversation {
  /** Null while it runs. @throws EngineError */
  exitCode: () => Promise<number | null>
}

/** The engine reports what it cannot start as this status of a shell. */
export const NOT_FOUND = 127

/**
 * The engine leaves a terminal when it reads these; by default Ctrl-P Ctrl-Q, and a Ctrl-P alone waits for the next key.
 * It cannot be switched off: no program means these.
 */
const DETACH_KEYS = 'ctrl-^,ctrl-_,ctrl-@,ctrl-_,ctrl-^'

/** Ends nothing: the engine has no call that ends a command. @throws EngineError, where the container does not run too */
export async function startCommand(docker: Docker, id: string, asked: Command): Promise<RunningCommand> {
  const { command, env, terminal, user, workingDir } = asked
  const tty = terminal !== null
  const made = await call(`preparing a command in ${id}`, (abort) =>
    docker.getContainer(id).exec({
      Cmd: command,
      Env: env,
      Tty: tty,
      User: user,
      WorkingDir: workingDir,
      DetachKeys: DETACH_KEYS,
      // Engines before 23 do not know it.
      ...(terminal && { ConsoleSize: [terminal.rows, terminal.columns] }),
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      ...abort,
    }),
  )
  const socket = await call(`running a command in ${id}`, () => made.start({ hijack: true, stdin: true, Tty: tty }))
  const resize = async ({ columns, rows }: Size): Promise<void> => {
    // It may have ended: the engine answers 500 then, or 409.
    await call('resizing', (abort) => made.resize({ w: columns, h: rows, ...abort })).catch(() => {})
  }
  // What is asked for before the start is lost.
  if (terminal) await resize(terminal)
  return {
    ...streamsOf(socket, tty),
    resize,
    async exitCode() {
      const { Running, ExitCode } = await call('asking for a command', (abort) => made.inspect({ ...abort }))
      return Running ? null : ExitCode
    },
  }
}

/** The container's own process. It was made with an input that stays open, and a terminal. @throws EngineError */
export async function attach(docker: Docker, id: string, terminal: Size): Promise<Conversation> {
  const container = docker.getContainer(id)
  const socket = await call(`attaching to ${id}`, () =>
    container.attach({ hijack: true, stream: true, stdin: true, stdout: true, stderr: true, detachKeys: DETACH_KEYS }),
  )
  const { Config } = await call(`inspecting ${id}`, (abort) => container.inspect({ ...abort }))
  const resize = async ({ columns, rows }: Size): Promise<void> => {
    await call('resizing', (abort) => container.resize({ w: columns, h: rows, ...abort })).catch(() => {})
  }
  if (Config.Tty) await resize(terminal)
  return { ...streamsOf(socket as Duplex, Config.Tty), resize }
}

function streamsOf(socket: Duplex, tty: boolean): Pick<Conversation, 'input' | 'output' | 'errors'> {
  // Who reads is told by `close`.
  socket.on('error', () => {})
  return tty ? { input: socket, output: socket, errors: null } : { input: socket, ...split(socket) }
}

/** A frame: one byte of stream number, three zeros, four of length, the bytes. Who reads slowly slows the writer. */
function split(socket: Duplex): { output: Readable; errors: Readable } {
  const [output, errors] = [new PassThrough(), new PassThrough()]
  let head: Buffer = Buffer.alloc(0)
  let left = 0
  let to = output
  const full = new Set<PassThrough>()
  function write(part: Buffer) {
    if (to.write(part) || full.has(to)) return
    const waits = to
    full.add(waits)
    socket.pause()
    waits.once('drain', () => {
      full.delete(waits)
      if (full.size === 0) socket.resume()
    })
  }
  socket.on('data', (chunk: Buffer) => {
    let data = chunk
    while (data.length > 0) {
      if (left > 0) {
        const part = data.subarray(0, left)
        data = data.subarray(part.length)
        left -= part.length
        write(part)
        continue
      }
      const missing = 8 - head.length
      head = Buffer.concat([head, data.subarray(0, missing)])
      data = data.subarray(missing)
      if (head.length < 8) return
      to = head[0] === 2 ? errors : output
      left = head.readUInt32BE(4)
      head = Buffer.alloc(0)
    }
  })
  const end = () => {
    output.end()
    errors.end()
  }
  socket.once('end', end).once('close', end)
  return { output, errors }
}
