/** The small page about a preview: `GET /.lotan/` of its host. It wakes nothing, and is no visit. */
import type { Response } from 'express'
import { asVisitorsSee } from '../../shared/preview/preview.ts'
import type { RouterContext } from '../context.ts'
import { openChanges } from '../changes/open-changes.ts'
import type { NearTags } from '../near/near-tags.ts'
import { aboutPage } from '../pages/about-page.ts'
import { brandIn } from '../pages/brand.ts'
import type { Decision } from './decide.ts'
import type { GatewayRequest } from './request.ts'
import { detailsOf } from './response-content.ts'
import { respond, sendPage } from './response.ts'

export function openAbout({
  config,
  store,
  gate,
  near,
}: Pick<RouterContext, 'config' | 'store' | 'gate'> & { near: NearTags }) {
  const changes = openChanges({ config, store })

  /** @param decision what the host itself would answer: where there can be no preview, there is no page about one */
  return function about(request: GatewayRequest, decision: Decision, res: Response): unknown {
    const { id } = request
    const why = decision.do === 'refuse' ? decision.why : undefined
    if (id === null || why === 'no-tag' || why === 'not-offered' || why === 'barred' || why === 'no-service')
      return respond({ request, decision, config, near, store }, res)
    const model = {
      id,
      preview: asVisitorsSee(store.get(id)),
      isMissing: why === 'missing',
      timeouts: config,
      pass: gate.passIn(request),
      change: changes.of(id),
      forge: config.forge?.kind,
      service:
        request.service === null ? null : { name: request.service, row: store.services.get(id, request.service) },
      details: detailsOf(id, config),
      now: Date.now(),
    }
    return sendPage(200, aboutPage(model, brandIn(res, id)), res)
  }
}
