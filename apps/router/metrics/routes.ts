/** `GET /metrics`, for a token that may read, and for the addresses of LOTAN_METRICS_ALLOW. */
import { BlockList, isIPv6 } from 'node:net'
import type { Request, RequestHandler, Response } from 'express'
import type { Config } from '../../shared/config/config.ts'
import { callerOf, type Caller } from '../access/caller.ts'
import type { Route } from '../access/route.ts'
import type { RouterContext } from '../context.ts'
import { readiness } from '../readiness.ts'
import { CONTENT_TYPE, exposition } from './exposition.ts'
import { readFacts, type Facts } from './facts.ts'

const PATH = '/metrics'

type MetricsContext = Pick<RouterContext, 'config' | 'store' | 'nudges' | 'reaper' | 'meters' | 'log'>

export function metricsRoutes(context: MetricsContext): Route[] {
  const checkReadiness = readiness(context)
  let reading: Promise<Facts> | undefined
  return [{ method: 'GET', path: PATH, needs: 'read', handle: sendMetrics }]

  async function sendMetrics(_req: Request, res: Response) {
    // Scrapes that come together share the facts: each costs a question to every process.
    reading ??= readFacts({ ...context, checkReadiness }, Date.now()).finally(() => (reading = undefined))
    const facts = seenBy(callerOf(res), await reading)
    return res.set('Content-Type', CONTENT_TYPE).send(await exposition(facts))
  }
}

/** A token for some tags learns nothing of the others' names. */
function seenBy({ sees }: Caller, facts: Facts): Facts {
  const { traffic } = facts
  if (!traffic) return facts
  const seen = Object.entries(traffic.previews).filter(([id]) => sees(id))
  return { ...facts, traffic: { ...traffic, previews: Object.fromEntries(seen) } }
}

const scraper: Caller = { via: 'token', can: 'read', who: 'metrics', sees: () => true }

/** Where a caller has no login: whether its address will do instead, for this path alone. */
export function allowScrapers({ metricsAllow }: Pick<Config, 'metricsAllow'>): RequestHandler {
  const allowed = new BlockList()
  for (const { address, bits } of metricsAllow) allowed.addSubnet(address, bits, familyOf(address))
  return (req, res, next) => {
    const isScrape = req.path === PATH && (req.method === 'GET' || req.method === 'HEAD')
    if (isScrape && callerOf(res).via === 'none' && isAllowed(req.ip)) res.locals.caller = scraper
    next()
  }

  /** nginx that listens on [::] writes an IPv4 client so: ::ffff:192.0.2.1. */
  function isAllowed(client = ''): boolean {
    const address = client.replace(/^::ffff:(?=\d+\.)/i, '')
    return address !== '' && allowed.check(address, familyOf(address))
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4'
}
