import { z } from 'zod'
import { scopes } from '../scope.ts'

export const session = z
  .object({
    id: z.string().meta({ description: 'Names it, and opens nothing.' }),
    user: z.string().meta({ description: 'The person, as the login knows them; `admin` by the admin token.' }),
    via: z.enum(['link', 'header', 'oidc', 'password']).meta({
      description:
        'How it came in: with the admin token, by a trusted proxy’s header, by a login provider, or with the gate’s password.',
    }),
    can: z.enum(scopes).meta({ description: 'What it may. `public`: only what needs no login.' }),
    address: z.string().nullable().meta({ description: 'Where it was begun.' }),
    userAgent: z.string().nullable(),
    created: z.iso.datetime(),
    lastUsed: z.iso.datetime().meta({ description: 'To within a minute.' }),
    until: z.iso.datetime(),
    current: z.boolean().meta({ description: 'Whether it is the one that asks.' }),
  })
  .meta({ id: 'Session' })

export type SessionJson = z.output<typeof session>
