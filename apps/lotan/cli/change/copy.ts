/** `lotan clone` and `lotan keep`: they ask for a copy of a preview, and wait until it is made. */
import { setTimeout as sleep } from 'node:timers/promises'
import { previewPath } from '../../../shared/api/paths.ts'
import { ask, type Api } from '../api.ts'
import { call, strange } from '../call.ts'
import { exit, Failure } from '../command.ts'
import { openContext } from '../context.ts'
import { checkNames, nameOf } from '../preview-name.ts'

export interface CopyOptions {
  as: string
  for?: string
  json?: true
}

interface Asked {
  repository: string
  tag: string
  url: string
}

const LOOK_MS = 300
const ANSWER_MS = 30_000

/** @throws Failure where it cannot be made */
export async function copy(of: string, how: 'clone' | 'keep', { json: asJson, ...body }: CopyOptions): Promise<number> {
  checkNames([of])
  const { api, output, say } = openContext()
  const last = await newest(api, of)
  const { json: asked } = await call(api, `${previewPath(of)}/${how}`, { method: 'POST', body })
  if (!isAsked(asked)) throw strange(api, 'something else than a copy')
  const made = await whenMade(api, asked, of, last)
  output.print(asJson ? `${JSON.stringify(made, null, 2)}\n` : `${asked.url}\n`)
  if (!asJson) say(`${nameOf(asked)} is made, and starts with its first visit; lotan rm ${nameOf(asked)} removes it`)
  return exit.done
}

/** What it says comes late where much is copied: no deadline would be right. */
async function whenMade(api: Api, asked: Asked, of: string, last: number): Promise<unknown> {
  for (;;) {
    const found = await ask(api, previewPath(nameOf(asked)), ANSWER_MS)
    if ('status' in found && found.status === 200) return found.json
    for (const { id, event, detail } of await changesOf(api, of))
      if (id > last && event === 'notCopied' && detail.startsWith(`${asked.tag}: `))
        throw new Failure(exit.unexpected, `no copy was made, ${detail}`)
    await sleep(LOOK_MS)
  }
}

async function newest(api: Api, of: string): Promise<number> {
  const [first] = await changesOf(api, of)
  return first?.id ?? 0
}

async function changesOf(api: Api, of: string): Promise<{ id: number; event: string; detail: string }[]> {
  const { json } = await call(api, `${previewPath(of)}/history?limit=20`)
  return Array.isArray(json) ? (json as { id: number; event: string; detail: string }[]) : []
}

function isAsked(json: unknown): json is Asked {
  const { tag, url } = (json ?? {}) as Record<string, unknown>
  return typeof tag === 'string' && typeof url === 'string'
}
