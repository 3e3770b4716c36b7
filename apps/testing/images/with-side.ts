/** Stacks of previews under accidents: a service that tells whose it is, and has a second host. */
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import { NAMELESS, splitId } from '../../shared/preview/preview-id.ts'
import type { Recipe } from './recipe.ts'

/** Its visitors ask for `ID+side`. */
export const SIDE = 'side'

export function sideOf(id: PreviewId): string {
  return `${id}+${SIDE}`
}

/**
 * The label of an image whose preview has a service: the application again, which answers `ID+side`.
 * @param image of the application
 */
export function withSide(id: PreviewId, image: string, hasHost: boolean): Recipe {
  const { repository, tag } = splitId(id)
  const from = repository === NAMELESS ? '' : `, APP_REPOSITORY: ${repository}`
  const label = `services:
  app: { depends_on: { ${SIDE}: { condition: service_healthy } } }
  ${SIDE}:
    image: ${image}
    environment: { LOTAN_TAG: '${tag}+${SIDE}'${from} }
    healthcheck: { test: [CMD, /bin/node, -e, 'fetch("http://127.0.0.1/plain").then(({ ok }) => process.exit(ok ? 0 : 1))'], interval: 2s }
    volumes: ['data:/data']
    stop_signal: SIGKILL
${hasHost ? '    x-lotan: { host: true, port: 80 }\n' : ''}volumes: { data: {} }
`
  return { labels: { 'lotan.stack': label } }
}
