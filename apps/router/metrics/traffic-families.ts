/** Requests and bytes by preview, `pr-7` or `api/pr-7`, as the reaper reads them from nginx's log (reaper/traffic.ts bounds how many have a name). */
import type { PreviewTraffic } from '../reaper-client.ts'
import type { Facts } from './facts.ts'
import { counters, type Family } from './family.ts'

/** No preview is called so: neither a tag nor a repository's name has a space. */
const OTHER = 'all others'

export const trafficFamilies: Record<string, Family> = {
  lotan_preview_requests_total: counters(
    'Requests by preview and class of status, from nginx’s log.',
    ['preview', 'code'],
    'reaper',
    (facts) =>
      everyone(facts).flatMap(([id, { classes }]) =>
        Object.entries(classes).map(([code, count]): Labelled => [[id, code], count]),
      ),
  ),
  lotan_preview_sent_bytes_total: counters('Bytes of the bodies of answers.', ['preview'], 'reaper', (facts) =>
    everyone(facts).map(([id, { sent }]) => [[id], sent]),
  ),
  lotan_preview_received_bytes_total: counters('Bytes of requests.', ['preview'], 'reaper', (facts) =>
    everyone(facts).map(([id, { received }]) => [[id], received]),
  ),
}

type Labelled = [labels: string[], value: number]

function everyone({ traffic }: Facts): [string, PreviewTraffic][] {
  return traffic ? [...Object.entries(traffic.previews), [OTHER, traffic.other]] : []
}
