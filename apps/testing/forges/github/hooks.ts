/** Hooks as GitHub sends them: its own sample payloads, with the fields of a stand-in's change put in. */
import { createHmac, randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import type { Hook, HookEvent, StandInChange } from '../forge.ts'
import type { Shapes } from './shapes.ts'

type Json = Record<string, unknown>
type Sample = Json & { action: string; pull_request: Json; repository: Json; sender: Json }

const actions: Record<HookEvent, string> = {
  opened: 'opened',
  pushed: 'synchronize',
  edited: 'edited',
  closed: 'closed',
  merged: 'closed',
  reopened: 'reopened',
}

let samples: Sample[] | undefined

function sampleOf(action: string): Sample {
  if (!samples) {
    const all = createRequire(import.meta.url)('@octokit/webhooks-examples') as { name: string; examples: Sample[] }[]
    samples = all.find(({ name }) => name === 'pull_request')!.examples
  }
  // GitHub publishes no sample of an edit.
  return samples.find((one) => one.action === action) ?? { ...sampleOf('opened'), action, changes: {} }
}

interface Sent {
  event: HookEvent
  change: StandInChange
  secret: string | undefined
  delivery?: string
}

export function hookOf(shape: Shapes, { event, change, secret, delivery = randomUUID() }: Sent): Hook {
  const sample = sampleOf(actions[event])
  const payload = {
    ...sample,
    number: change.number,
    pull_request: shape.hooked(sample.pull_request, change),
    repository: shape.repository(sample.repository),
    sender: { ...sample.sender, ...shape.user(change.author) },
    ...(event === 'pushed' && { after: change.sha }),
  }
  const body = JSON.stringify(payload)
  return {
    body,
    headers: {
      'Content-Type': 'application/json',
      'User-Agent': 'GitHub-Hookshot/044aadd',
      'X-GitHub-Event': 'pull_request',
      'X-GitHub-Delivery': delivery,
      'X-GitHub-Hook-ID': '292430182',
      'X-GitHub-Hook-Installation-Target-Type': 'repository',
      ...(secret !== undefined && {
        'X-Hub-Signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
      }),
    },
  }
}
