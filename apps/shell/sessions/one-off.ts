/** A container of its own for one command (`lotan run`): as the application's, beside its stack, and removed with its end. */
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { diskLimit, limitsOf, type Limits } from '../../shared/config/limits.ts'
import { bytesOf, cpus as cpusValue, memory as memoryValue } from '../../shared/config/values/amount.ts'
import { quoted, wantedOf } from '../../shared/config/values/value.ts'
import { RUN, type CreateOptions, type Size } from '../../shared/engine/engine.ts'
import { partLimits } from '../../shared/stack/part-limits.ts'
import { stackOf } from '../../shared/stack/stack-of.ts'
import type { SessionEnd } from '../../shared/shell/session-kind.ts'
import type { ShellContext } from '../context.ts'
import { MARK } from '../helper/end-processes.ts'
import { NoEntry } from '../no-entry.ts'
import type { Target } from '../target.ts'
import type { Session } from './open-sessions.ts'
import type { Talk } from './talk.ts'

export interface RunAsk {
  /** In place of the image's command; its entry point stays. Empty: the image's own command. */
  command: string[]
  terminal: Size | null
  /** `A=1`, beside the application's own. */
  env: string[]
  /** Null for this and what follows: the application's own. */
  user: string | null
  workdir: string | null
  /** `1g`, as it was asked. */
  memory: string | null
  /** `0.5`, as it was asked. */
  cpus: string | null
}

const MEASURE_MS = 10_000
const CPU_PERIOD_US = 100_000

/** @throws NoEntry `bad-parameter` for limits above the ceilings; EngineError */
export async function beginRun(context: ShellContext, session: Session, target: Target, ask: RunAsk): Promise<Talk> {
  const { engine, config } = context
  const limits = askedLimits(ask, usualLimits(context, session, target), config.ceilings)
  const options = optionsOf(await engine.madeWith(target.container), target.network, ask, limits, session.id)
  const id = await engine.create({
    ...options,
    name: `lotan-run-${config.instance}-${randomBytes(6).toString('hex')}`,
    Labels: { 'lotan.managed': 'true', 'lotan.instance': config.instance, [RUN]: session.id },
  })
  try {
    const [program] = ask.command
    session.inside(id, program === undefined ? null : path.basename(program))
    // Before its start: nothing that it writes is lost.
    const conversation = await engine.attach(id, ask.terminal ?? { columns: 80, rows: 24 })
    await engine.start(id)
    if (ask.terminal) await conversation.resize(ask.terminal)
    const { input, output, errors, resize } = conversation
    const over = new AbortController()
    const ended = until(context, session, target, id, input, over.signal).finally(() => over.abort())
    return {
      session,
      input,
      output,
      errors,
      resize: (size) => void resize(size),
      signal: (name) => void (/^[A-Z0-9]{1,10}$/.test(name) && engine.kill(id, `SIG${name}`).catch(() => {})),
      ended,
    }
  } catch (error) {
    await engine.remove(id).catch(() => {})
    throw error
  }
}

/** Removes it, whatever ends it. */
async function until(
  context: ShellContext,
  session: Session,
  target: Target,
  id: string,
  input: NodeJS.WritableStream & NodeJS.ReadableStream,
  over: AbortSignal,
): Promise<SessionEnd> {
  const { engine, log } = context
  const stop = AbortSignal.any([over, session.signal])
  const ways: Promise<SessionEnd>[] = [
    exited(engine, id, input),
    aborted(session.signal),
    // Its stack goes with the application.
    engine.wait(target.container, stop).then(() => ({ why: 'stopped' }) as const),
    tooMuchWritten(context, target, id, stop),
  ]
  const end = await Promise.race(ways.map((way) => way.catch(() => new Promise<never>(() => {}))))
  await engine.remove(id).catch((error: Error) => log.warn({ session: session.id, error: error.message }, 'a container of a session may be left')) // prettier-ignore
  session.end(end)
  return end
}

/** Its client's leaving, and a connection that breaks, are its end too. */
async function exited(
  { wait }: Pick<ShellContext['engine'], 'wait'>,
  id: string,
  input: NodeJS.ReadableStream,
): Promise<SessionEnd> {
  const isOver = await new Promise<boolean>((resolve) => {
    input.once('end', () => resolve(true))
    input.once('close', () => resolve(false))
  })
  const code = isOver ? await wait(id).catch(() => null) : null
  return code === null ? { why: 'closed' } : { why: 'exited', code }
}

/** What it writes is no part of what its preview may write. */
async function tooMuchWritten(
  { engine, config }: ShellContext,
  { labels }: Target,
  id: string,
  stop: AbortSignal,
): Promise<SessionEnd> {
  const { value: most } = diskLimit(labels, config.limits)
  for (;;) {
    await sleep(MEASURE_MS, undefined, { signal: stop })
    const written = await engine.written(id, bytesOf(most)!).catch(() => undefined)
    if (written !== undefined && written > bytesOf(most)!)
      return { why: 'failed', detail: `it wrote more than ${most}, which is as much as a container may write` }
  }
}

async function aborted(signal: AbortSignal): Promise<SessionEnd> {
  if (!signal.aborted)
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  return signal.reason as SessionEnd
}

function usualLimits(
  { config, store }: Pick<ShellContext, 'config' | 'store'>,
  { preview }: Session,
  { labels }: Target,
): Limits {
  const { limits } = limitsOf(labels, config)
  const image = store.get(preview)?.image
  const read = image && stackOf(preview, image, config)
  return read && 'stack' in read ? partLimits(read.stack.app, limits, config) : limits
}

/** @param ceilings how much a label may ask for, too @throws NoEntry */
export function askedLimits(
  { memory, cpus }: Pick<RunAsk, 'memory' | 'cpus'>,
  usual: Limits,
  ceilings: Omit<Limits, 'pids'>,
): Limits {
  const read = memory === null ? undefined : memoryValue.safeParse(memory)
  if (read?.error)
    throw new NoEntry('bad-parameter', `memory=${quoted(memory!)} cannot be used: ${wantedOf(read.error)}.`)
  const share = cpus === null ? undefined : cpusValue.safeParse(cpus)
  if (share?.error)
    throw new NoEntry('bad-parameter', `cpus=${quoted(cpus!)} cannot be used: ${wantedOf(share.error)}.`)
  if (read && bytesOf(read.data)! > bytesOf(ceilings.memory)!)
    throw new NoEntry(
      'bad-parameter',
      `memory=${read.data} is too much: a container here may take at most ${ceilings.memory}.`,
    )
  if (share && share.data > ceilings.cpus)
    throw new NoEntry(
      'bad-parameter',
      `cpus=${share.data} is too much: a container here may take at most ${ceilings.cpus}.`,
    )
  return { ...usual, memory: read?.data ?? usual.memory, cpus: share?.data ?? usual.cpus }
}

function optionsOf(
  like: CreateOptions,
  network: string,
  { command, terminal, env, user, workdir }: RunAsk,
  { memory, cpus }: Limits,
  session: string,
): CreateOptions {
  const bytes = bytesOf(memory)!
  return {
    ...like,
    Env: [...(like.Env ?? []), ...env, `${MARK}=${session}`],
    ...(command.length > 0 && { Cmd: command }),
    ...(user !== null && { User: user }),
    ...(workdir !== null && { WorkingDir: workdir }),
    Tty: terminal !== null,
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: {
      ...like.HostConfig,
      NetworkMode: `container:${network}`,
      // Engines before 23 do not know it, and are told once it runs.
      ...(terminal && { ConsoleSize: [terminal.rows, terminal.columns] }),
      Memory: bytes,
      MemorySwap: bytes,
      CpuPeriod: CPU_PERIOD_US,
      CpuQuota: Math.round(cpus * CPU_PERIOD_US),
      // What it says is for who runs it.
      LogConfig: { Type: 'none', Config: {} },
    },
  }
}
