/** `/badge/TAG.svg`, `/badge/NAME/TAG.svg`: for pull requests and READMEs. It asks the database alone, and wakes nothing. */
import { meantBy } from '../../shared/preview/copy.ts'
import { readShownTag } from '../../shared/preview/copy-tag.ts'
import type { Request, Response } from 'express'
import { asVisitorsSee } from '../../shared/preview/preview.ts'
import { idOf, NAMELESS, type PreviewId } from '../../shared/preview/preview-id.ts'
import { isTag } from '../../shared/tag.ts'
import type { Route } from '../access/route.ts'
import type { RouterContext } from '../context.ts'
import { isRebuilt } from '../gateway/database-trust.ts'
import { badgeOf, badges, type BadgeName } from './badges.ts'
import { badgeSvg } from './svg.ts'

const BELOW = '/badge/'

type Needs = Pick<RouterContext, 'config' | 'store' | 'gate'>

export function badgeRoutes(context: Needs): Route[] {
  return [{ method: 'GET', path: `${BELOW}*path`, needs: 'public', handle: sendBadge }]

  function sendBadge({ params }: Request, res: Response) {
    const at = previewAt(params.path as unknown as string[])
    const id = at && meantBy(at, (copy) => context.store.get(copy) !== undefined)
    return send(nameOf(id, context), res)
  }
}

export function isBadge({ path }: Request): boolean {
  return path.startsWith(BELOW)
}

/** In a page an image is of more use than a problem. */
export function sendUnknownBadge(res: Response) {
  return send('unknown', res)
}

/** `api`, `pr-7.svg`; undefined where that can be no preview */
function previewAt(path: readonly string[]): PreviewId | undefined {
  const [file = '', repository = NAMELESS, ...more] = path.toReversed()
  const tag = file.replace(/\.svg$/, '')
  return tag !== file && (isTag(tag) || readShownTag(tag) !== undefined) && more.length === 0
    ? idOf({ repository, tag })
    : undefined
}

/** A stranger must not learn which tags there are: what is not for them is decided before anything is looked up. */
function nameOf(id: PreviewId | undefined, { config, store, gate }: Needs): BadgeName {
  if (id === undefined || gate.isOn || !config.offers(id) || !isRebuilt(store)) return 'unknown'
  const now = Date.now()
  return badgeOf({
    preview: asVisitorsSee(store.get(id)),
    standing: store.standing(id, now),
    hasImage: store.missing(id, now) === undefined && (store.isFit(id) || store.changes.image(id) !== undefined),
  })
}

/** Pages of other sites show it; opened by itself it may run nothing. `no-cache`: with its ETag it is asked for again each time. */
function send(name: BadgeName, res: Response) {
  return res
    .status(200)
    .set({
      'Cache-Control': 'no-cache',
      'Content-Security-Policy': "default-src 'none'; sandbox",
      'Cross-Origin-Resource-Policy': 'cross-origin',
    })
    .type('svg')
    .send(written[name])
}

const written = Object.fromEntries(Object.entries(badges).map(([name, badge]) => [name, badgeSvg(badge)])) as Record<
  BadgeName,
  string
>
