/** What an image's author chooses: labels, ports, the program. */
import fc from 'fast-check'
import { anyText, labelValues } from './texts.ts'

const names = ['memory', 'cpus', 'disk', 'port', 'init', 'stop-signal', 'ready-path', 'inactivity-stop-minutes', 'max-lifetime-minutes'] // prettier-ignore

export const imageLabels = fc.dictionary(
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...names.map((name) => `lotan.${name}`)) },
    { weight: 1, arbitrary: fc.constantFrom('lotan.tag', 'lotan.instance', 'lotan.generation', 'org.opencontainers.image.created', 'org.opencontainers.image.revision') },
    { weight: 1, arbitrary: anyText },
  ),
  labelValues,
  { maxKeys: 6 },
) // prettier-ignore

export const containerPort = fc.integer({ min: 1, max: 65_535 })

export const program = fc.array(fc.oneof(anyText, fc.constantFrom('/sbin/init', 'tini', '--', 'sh -c "exec init"')), {
  maxLength: 4,
})
