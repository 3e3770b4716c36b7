/** `POST /hooks/registry`: which tags were pushed. The reaper asks the registry what is so. */
import type { Request, Response } from 'express'
import { hashOf, isSame } from '../../shared/secret.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import { sendProblem } from '../api/conventions/problem.ts'
import { may } from '../access/caller.ts'
import type { FailedLogins } from '../access/failed-logins.ts'
import { callerByToken } from '../access/tokens.ts'
import type { RouterContext } from '../context.ts'
import { bytesOf, deliveryOf, payloadIn } from './body.ts'
import type { Inbox } from './inbox.ts'
import { deliveryIn, pushesIn } from './payloads/pushes.ts'
import { hintOf, pushed } from './push-hints.ts'
import { isSignedByGithub, passwordIn } from './signature.ts'
import type { openUnsigned } from './unsigned.ts'

/** `wrong`: who sends it claims a right that it has not. Else: for which previews it is believed. */
type Trust = 'wrong' | 'unsigned' | ((id: PreviewId) => boolean)

export function registryHook(
  { config, store }: Pick<RouterContext, 'config' | 'store'>,
  inbox: Pick<Inbox, 'take'>,
  unsigned: Pick<ReturnType<typeof openUnsigned>, 'take'>,
  noteFailed: FailedLogins,
) {
  return async function hear(req: Request, res: Response): Promise<void> {
    const body = bytesOf(req)
    const trust = trustIn(req, body)
    if (trust === 'wrong') {
      noteFailed(req.ip, 'hook')
      const sentence = 'Send the hooks’ secret, or a token that can run, as Bearer or as the password of Basic.'
      return sendProblem(res, 'bad-signature', sentence)
    }
    const payload = payloadIn(req, body)
    const ids = pushed(pushesIn(payload), config)
    if (trust === 'unsigned') {
      await unsigned.take(ids)
      return void res.status(202).json({ received: true, duplicate: false })
    }
    const hints = ids.filter(trust).map(hintOf)
    const { duplicate } = await inbox.take({ id: idOf(req, payload), changes: [], hints })
    res.status(202).json({ received: true, duplicate })
  }

  function trustIn({ headers }: Request, body: Buffer): Trust {
    const { hookSecret, adminToken } = config
    const password = passwordIn(headers)
    if (password === undefined) {
      const isSigned = isSignedByGithub(headers, body, hookSecret)
      return isSigned === undefined ? 'unsigned' : isSigned ? () => true : 'wrong'
    }
    if ([hookSecret, adminToken].filter((secret) => isSame(password, secret)).length > 0) return () => true
    // The answer does not wait until the use of a token is noted.
    const noteUse: Parameters<typeof callerByToken>[2] = (...use) =>
      void store.writeSoon(() => store.tokens.noteUse(...use))
    const caller = callerByToken(password, store, noteUse)
    return caller && may(caller, 'run') ? caller.sees : 'wrong'
  }
}

function idOf({ headers }: Request, payload: unknown): string | null {
  const told = deliveryIn(payload)
  return deliveryOf(headers, 'github') ?? (told === null ? null : `registry ${hashOf(told)}`)
}
