/** These requests are answered by a stream of JSON lines, the last of which may be an error. */
import type { Readable } from 'node:stream'
import type Docker from 'dockerode'
import { call } from './call.ts'
import { EngineError, engineError } from './error.ts'
import { advance, beginning, isTold, progressOf, type PullFrame, type Sizes } from './pull-progress.ts'
import type { Login } from '../registry/docker-config.ts'
import type { Progress } from '../preview/start-times.ts'

export const STALL_MS = 60_000
/** More layers than any engine takes; each may be announced once more on a retry. */
const MAX_LAYERS = 125
const MAX_ANNOUNCED = 4 * MAX_LAYERS

const BUILD_TRIES = 5

export interface PullOptions {
  onProgress?: (progress: Progress) => void
  signal?: AbortSignal
  auth?: Login
  /** Milliseconds without a byte. */
  stallAfter?: number
  within?: number
  /** The packed size that the manifest states. */
  bytes?: number
  sizes?: Sizes
}

/**
 * Gives up on more layers than an engine takes, or more bytes than the manifest states.
 * @param reference `HOST/NAME:TAG`, or `HOST/NAME@DIGEST`, which gives the image no tag
 * @returns the digest that it was pulled by
 * @throws EngineError `missing`, `no-repository`, `stalled`, `too-slow`, `bad-image`, `disk-full` or a registry's code
 */
export async function pull(docker: Docker, reference: string, options: PullOptions = {}): Promise<string | null> {
  const { onProgress, auth, stallAfter = STALL_MS, within, signal } = options
  const { repository, tag } = partsOf(reference)
  let pulling = beginning(options.sizes)
  let announced = 0
  let digest: string | null = null
  await follow(
    (abort) => docker.createImage(auth ?? {}, { fromImage: repository, tag, ...abort }),
    (frame) => {
      const before = pulling
      digest = /^Digest: (\S+)$/.exec(frame.status ?? '')?.[1] ?? digest
      if (/^(Pulling fs layer|Already exists)$/.test(frame.status ?? '')) announced++
      pulling = advance(pulling, frame)
      if (pulling !== before) {
        const progress = progressOf(pulling)
        enforceLimits({ ...progress, announced }, options.bytes)
        if (isTold(pulling)) onProgress?.(progress)
      }
      // A layer's retry counts its seconds down and brings no bytes.
      return pulling !== before || !frame.id
    },
    { stallAfter, within, signal, kind: 'pull' },
  )
  return digest
}

/** The engine itself has no limits. */
function enforceLimits({ layers, announced, bytes }: Progress & { announced: number }, most = Infinity): void {
  if (layers > MAX_LAYERS || announced > MAX_ANNOUNCED)
    throw new EngineError('bad-image', `it has more than ${MAX_LAYERS} layers, so it was given up`)
  if (bytes > most)
    throw new EngineError('bad-image', `the registry sends more than the ${most} bytes that its manifest says`)
}

export async function tagImage(docker: Docker, image: string, reference: string): Promise<void> {
  const { repository: repo, tag } = partsOf(reference)
  await call(`naming ${reference}`, (abort) => docker.getImage(image).tag({ repo, tag, ...abort }))
}

export async function push(docker: Docker, reference: string, auth?: Login): Promise<void> {
  const image = docker.getImage(partsOf(reference).repository)
  const { tag } = partsOf(reference)
  await follow(
    (abort) => image.push({ tag, authconfig: auth ?? {}, ...abort }),
    () => true,
    {
      stallAfter: STALL_MS,
      kind: 'pull',
    },
  )
}

/** @param files those of `dir` that the Dockerfile needs, itself included */
export async function build(docker: Docker, dir: string, files: string[], reference: string): Promise<void> {
  for (let tries = 1; ; tries++)
    try {
      await follow(
        (abort) =>
          docker.buildImage({ context: dir, src: files }, { t: reference, forcerm: true, nocache: true, ...abort }),
        () => true,
        { stallAfter: 5 * STALL_MS, kind: 'other' },
      )
      return
    } catch (error) {
      // The base image was removed meanwhile. Uncached, since another demo or a test may be removing cached layers.
      if (
        tries === BUILD_TRIES ||
        !/unable to find image|no such image|unknown parent image/i.test((error as Error).message)
      )
        throw error
    }
}

/** Rejects on an `error` line, and after too long without a line for which `onFrame` returns true. */
async function follow(
  open: (abort: { abortSignal: AbortSignal }) => Promise<NodeJS.ReadableStream>,
  onFrame: (frame: PullFrame) => boolean,
  options: { stallAfter: number; within?: number; signal?: AbortSignal; kind: 'pull' | 'other' },
): Promise<void> {
  const { stallAfter, within, signal, kind } = options
  const silence = new AbortController()
  const giveUp = () =>
    silence.abort(new EngineError('stalled', `not a byte in ${Math.round(stallAfter / 1000)} s, so it was given up`))
  const end = () => silence.abort(new EngineError('too-slow', `not done in ${inWords(within!)}, so it was given up`))
  const timer = setTimeout(giveUp, stallAfter)
  const deadline = within === undefined ? undefined : setTimeout(end, within)
  const ending = signal ? AbortSignal.any([signal, silence.signal]) : silence.signal
  try {
    await call(
      'following the engine',
      async (abort) => {
        // The engine sends its header with the first line, so silence is measured from here on.
        const stream = (await open(abort)) as Readable
        abort.abortSignal.addEventListener('abort', () => stream.destroy(), { once: true })
        for await (const frame of frames(stream)) {
          if (frame.error) throw Object.assign(new Error(frame.error), { statusCode: 500 })
          if (onFrame(frame)) timer.refresh()
        }
      },
      { ms: 0, signal: ending, kind },
    )
  } catch (error) {
    throw error instanceof EngineError || ending.aborted ? error : engineError(error, kind)
  } finally {
    clearTimeout(timer)
    clearTimeout(deadline)
  }
}

async function* frames(stream: AsyncIterable<Buffer>): AsyncGenerator<PullFrame> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    rest += decoder.decode(chunk, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop()!
    for (const line of lines) if (line.trim()) yield frameIn(line)
  }
  if (rest.trim()) yield frameIn(rest)
}

/** What is of another kind than it should be counts as not said. @throws where the line is no JSON, or no object */
function frameIn(line: string): PullFrame {
  const { status, id, progressDetail, error } = JSON.parse(line) as Record<string, unknown>
  const { current, total } = (progressDetail ?? {}) as Record<string, unknown>
  return {
    ...(typeof status === 'string' && { status }),
    ...(typeof id === 'string' && { id }),
    ...(error !== undefined && { error: typeof error === 'string' ? error : JSON.stringify(error) }),
    progressDetail: {
      ...(typeof current === 'number' && { current }),
      ...(typeof total === 'number' && { total }),
    },
  }
}

function inWords(ms: number): string {
  return ms < 60_000 ? `${Math.round(ms / 100) / 10} s` : `${Math.round(ms / 6_000) / 10} min`
}

/** `127.0.0.1:5000/team/app:red` → repository and tag, or digest. */
function partsOf(reference: string): { repository: string; tag: string } {
  const at = reference.indexOf('@')
  if (at >= 0) return { repository: reference.slice(0, at), tag: reference.slice(at + 1) }
  const colon = reference.lastIndexOf(':')
  if (colon <= reference.lastIndexOf('/')) return { repository: reference, tag: 'latest' }
  return { repository: reference.slice(0, colon), tag: reference.slice(colon + 1) }
}
