/** `POST /hooks/forge`: what a forge tells of its changes. Signed facts are noted; the forge part reads the truth. */
import type { Request, Response } from 'express'
import type { Config } from '../../shared/config/config.ts'
import type { Change } from '../../shared/forge/change.ts'
import { sendProblem } from '../api/conventions/problem.ts'
import type { FailedLogins } from '../access/failed-logins.ts'
import type { RouterContext } from '../context.ts'
import { bytesOf, deliveryOf, payloadIn } from './body.ts'
import type { Delivery, Inbox } from './inbox.ts'
import { toldByGitea } from './payloads/gitea.ts'
import { toldByGithub } from './payloads/github.ts'
import { toldByGitlab } from './payloads/gitlab.ts'
import { pushesIn } from './payloads/pushes.ts'
import type { Told } from './payloads/told.ts'
import { hintsOf } from './push-hints.ts'
import { isSigned } from './signature.ts'

type Forge = NonNullable<Config['forge']>

export function forgeHook(
  { config, store }: Pick<RouterContext, 'config' | 'store'>,
  inbox: Pick<Inbox, 'take'>,
  noteFailed: FailedLogins,
) {
  const { forge, hookSecret } = config

  return async function hear(req: Request, res: Response): Promise<void> {
    if (!forge) return sendProblem(res, 'nothing-here', 'LOTAN_FORGE is not set: no forge is listened to.')
    const body = bytesOf(req)
    if (!isSigned(forge.kind, req.headers, body, hookSecret)) {
      noteFailed(req.ip, 'hook')
      return sendProblem(res, 'bad-signature', 'The hooks’ secret is another one at the forge.')
    }
    const payload = payloadIn(req, body)
    const noted = newsOf(toldBy(forge, req, payload), forge)
    // The same hook may be ticked for packages: GitHub's registry signs as GitHub does.
    const pushes = forge.kind === 'github' ? hintsOf(pushesIn(payload), config) : []
    const id = deliveryOf(req.headers, forge.kind)
    const { duplicate } = await inbox.take({ id, changes: noted.changes, hints: [...noted.hints, ...pushes] })
    res.status(202).json({ received: true, duplicate })
  }

  /** For each repository of images whose changes are there: one of several is named by its path, in any case. */
  function newsOf(told: Told | undefined, { repositories }: Forge): Pick<Delivery, 'changes' | 'hints'> {
    const isMeant = ({ path }: { path: string }) => path.toLowerCase() === told?.path.toLowerCase()
    const names = repositories.filter(isMeant).map(({ name }) => name)
    if (!told) return { changes: [], hints: [] }
    const { number, change } = told
    return {
      changes: change
        ? names.map((repository) => ({ ...change, repository, author: authorOf(change, repository) }))
        : [],
      hints: names.map((repository) => ({ kind: 'change', repository, subject: number === null ? '' : `${number}` })),
    }
  }

  /** Not every delivery names the author, who never changes. Empty: not known yet. */
  function authorOf(
    { author, number }: { author: string | null; number: number },
    repository: string,
  ): Change['author'] {
    return author ?? store.changes.get({ repository, number })?.author ?? ''
  }
}

function toldBy({ kind }: Forge, { headers }: Request, payload: unknown): Told | undefined {
  const event = (name: string) => String(headers[name] ?? '')
  if (kind === 'github') return toldByGithub(event('x-github-event'), payload)
  if (kind === 'gitlab') return toldByGitlab(payload)
  return toldByGitea(event('x-gitea-event') || event('x-forgejo-event'), payload)
}
