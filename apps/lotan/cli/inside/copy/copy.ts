/** `lotan cp`: one side is a preview, the other one here. */
import fs from 'node:fs/promises'
import path from 'node:path'
import type { IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { text } from 'node:stream/consumers'
import { previewPath } from '../../../../shared/api/paths.ts'
import type { Problem } from '../../../../shared/api/problem.ts'
import { open, whyOf } from '../../api.ts'
import { away, failureOf } from '../../call.ts'
import { exit, Failure, UsageError } from '../../command.ts'
import type { Context } from '../../context.ts'
import { inBytes } from '../../table/bytes.ts'
import { folderOf, isContentOf, lastOf, type End } from './ends.ts'
import { pack, type Packed } from './pack.ts'
import { entriesOf, unpack } from './unpack.ts'

type There = Extract<End, { kind: 'there' }>
type Here = Exclude<End, There>

/** @throws Failure, UsageError */
export async function copyOut(context: Context, from: There, to: Here): Promise<void> {
  if (to.kind === 'tar' && process.stdout.isTTY) throw new UsageError('a tar is nothing for a terminal: lead it into a file, or give a path') // prettier-ignore
  const answer = await read(context, from, from.path)
  try {
    if (to.kind === 'tar') return await pipeline(answer, process.stdout, { end: false })
    const name = from.isContent ? '' : lastOf(from.path)
    const strip = from.path === '/' ? 0 : 1
    const { files, bytes } = await unpack(answer, { name, strip, to: to.path, skip: skipIn(context) })
    tell(context, { files, bytes })
  } catch (error) {
    answer.destroy()
    if (context.output.closed.aborted) return
    if (error instanceof Failure) throw error
    throw new Failure(exit.unexpected, `the copy broke off: ${whyOf(error)}; what came before is here`)
  }
}

/** @throws Failure, UsageError */
export async function copyIn(context: Context, from: Here, to: There): Promise<void> {
  if (from.kind === 'tar') {
    if (process.stdin.isTTY) throw new UsageError('- is a tar on standard input, and there is a terminal')
    return write(context, to, to.path, process.stdin)
  }
  const found = await fs.stat(from.path).catch((error: Error) => {
    throw new UsageError(`${from.path} cannot be read: ${error.message}`)
  })
  const own = isContentOf(from.path) && found.isDirectory() ? '' : path.basename(path.resolve(from.path))
  const [folder, name] = await placeFor(context, to, own, found.isDirectory())
  const packed: Packed = { files: 0, bytes: 0 }
  await write(context, to, folder, await pack({ from: from.path, name, skip: skipIn(context) }, packed))
  tell(context, packed)
}

/** As `docker cp` has it: into a folder that is there, else by that name. */
async function placeFor(
  context: Context,
  to: There,
  own: string,
  isFolder: boolean,
): Promise<[folder: string, name: string]> {
  // prettier-ignore
  const there = to.path === '/' || (to.isFolder && !isFolder) ? 'directory' : await kindOf(context, to)
  if (there === 'directory') return [to.path, own]
  if (there !== undefined && isFolder) throw new Failure(exit.usage, `${to.path} is a file there, and what is copied is a folder`) // prettier-ignore
  return [folderOf(to.path), lastOf(to.path)]
}

/** @returns undefined where there is nothing */
async function kindOf(context: Context, { place, path }: There): Promise<string | undefined> {
  let answer: IncomingMessage
  try {
    answer = await read(context, { place }, path)
  } catch (error) {
    if (error instanceof Failure && error.cause === 'no-such-file') return undefined
    throw error
  }
  try {
    for await (const { header } of await entriesOf(answer)) return header.type ?? 'file'
    return undefined
  } finally {
    answer.destroy()
  }
}

async function read(context: Context, { place }: Pick<There, 'place'>, at: string): Promise<IncomingMessage> {
  const answer = await ask(context, { place }, at, {})
  if (answer.statusCode !== 200) throw await refusalOf(context, answer)
  return answer
}

async function write(context: Context, to: There, folder: string, tar: AsyncIterable<Uint8Array>): Promise<void> {
  const answer = await ask(context, to, folder, { method: 'PUT', stream: tar })
  if (answer.statusCode !== 204) throw await refusalOf(context, answer)
}

async function ask(
  { api, output }: Context,
  { place }: Pick<There, 'place'>,
  at: string,
  sending: { method?: string; stream?: AsyncIterable<Uint8Array> },
): Promise<IncomingMessage> {
  const query = new URLSearchParams({ path: at, ...(place.service !== null && { service: place.service }) })
  const accept = 'application/x-tar, application/problem+json'
  try {
    return await open(api, `${previewPath(place.id)}/files?${query.toString()}`, { ...sending, accept, signal: output.closed }) // prettier-ignore
  } catch (error) {
    throw error instanceof Failure ? error : away(api, whyOf(error))
  }
}

async function refusalOf({ api }: Context, answer: IncomingMessage): Promise<Failure> {
  let sent: Partial<Problem> | undefined
  try {
    sent = JSON.parse(await text(answer)) as Partial<Problem>
  } catch {
    // A proxy's page.
  }
  const failure = failureOf(answer.statusCode ?? 0, sent, api, answer.headers.location)
  failure.cause = typeof sent?.type === 'string' ? sent.type.split('/').at(-1) : undefined
  return failure
}

function skipIn({ say }: Context) {
  return (file: string, why: string) => say(`${file} is left out: ${why}`, 'bad')
}

function tell({ say }: Context, { files, bytes }: Packed): void {
  say(`${files} ${files === 1 ? 'file' : 'files'} copied, ${inBytes(bytes)}`)
}
