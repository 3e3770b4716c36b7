/** The container that somebody wants into: a preview's own, or one of its services'. */
import { stackOf } from '../shared/stack/stack-of.ts'
import { shownTag } from '../shared/preview/copy-tag.ts'
import { idOf } from '../shared/preview/preview-id.ts'
import type { In } from '../shared/preview/preview.ts'
import { sandboxName } from '../shared/slots/container-name.ts'
import type { ShellContext } from './context.ts'
import type { Beside } from './helper/helpers.ts'
import { NoEntry } from './no-entry.ts'

export interface Target extends Beside {
  /** Null: the application. */
  service: string | null
  /** Of the application. */
  labels: Record<string, string>
}

/** @param name a service, the application's own name in its stack, or null @throws NoEntry */
export function targetOf(
  { config, store }: Pick<ShellContext, 'config' | 'store'>,
  preview: In<'running'>,
  name: string | null,
): Target {
  const { generation, image } = preview
  const id = idOf(preview)
  const labels = image?.labels ?? {}
  const network = generation.sandbox === null ? generation.container : sandboxName(config.instance, generation.sandbox)
  const read = image ? stackOf(id, image, config) : null
  const stack = read && 'stack' in read ? read.stack : null
  if (name === null || name === (stack?.app.name ?? 'app'))
    return { container: generation.container, network, service: null, labels }
  const row = store.services.get(id, name)
  if (!row) {
    const others = store.services.of(id).map((one) => one.name)
    const those = others.length > 0 ? `It has ${others.join(', ')}.` : 'It has none.'
    throw new NoEntry('no-such-service', `${shownTag(id)} has no service ${name}. ${those}`)
  }
  if (row.container === null || row.state !== 'running')
    throw new NoEntry('no-container', `The service ${name} of ${shownTag(id)} does not run: it is ${row.state}.`)
  return { container: row.container, network, service: name, labels }
}
