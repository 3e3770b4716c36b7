/** What forges and registries send. No login is needed, and no cookie is looked at: each says itself who has sent it. */
import { adminLocations } from '../../shared/admin-locations.ts'
import { noteFailedLogins } from '../access/failed-logins.ts'
import type { Route } from '../access/route.ts'
import type { RouterContext } from '../context.ts'
import { forgeHook } from './forge-hook.ts'
import { hintOf } from './push-hints.ts'
import { registryHook } from './registry-hook.ts'
import { openUnsigned } from './unsigned.ts'

const { largestBody: limit } = adminLocations.find(({ path }) => path === '/hooks/')!

export function hookRoutes(context: RouterContext): Route[] {
  const { store, log, inbox } = context
  const unsigned = openUnsigned(store, (ids) => inbox.take({ id: null, changes: [], hints: ids.map(hintOf) }))
  const noteFailed = noteFailedLogins(log)
  const of = { method: 'POST', needs: 'public', body: { type: 'bytes', limit } } as const
  return [
    { ...of, path: '/hooks/forge', handle: forgeHook(context, inbox, noteFailed) },
    { ...of, path: '/hooks/registry', handle: registryHook(context, inbox, unsigned, noteFailed) },
  ]
}
