/** The stack of a preview, with where each value comes from. */
import { z } from 'zod'
import { serviceStates } from '../stack/service-state.ts'

const value = z.object({
  name: z.enum([
    'image',
    'command',
    'depends-on',
    'healthcheck',
    'memory',
    'cpus',
    'pids',
    'stop-signal',
    'grace',
    'second-host',
    'egress',
  ]),
  value: z.string().nullable().meta({
    description: 'Null: the image’s own; and of commands and healthchecks, for who is no admin.',
  }),
  source: z.enum(['stack', 'setting', 'image', 'default']),
  from: z.string().nullable().meta({ description: 'The setting’s name.' }),
  words: z.string().meta({ description: 'The same for people.' }),
})

const variable = z.object({
  name: z.string(),
  value: z.string().nullable().meta({
    description:
      'As the stack has it: `${LOTAN_SECRET_X}` is not filled in. Null for who is no admin, and for a secret.',
  }),
  secret: z.boolean().meta({ description: 'By its name, or since a login stands in its value.' }),
})

export const stack = z.object({
  source: z.enum(['setting', 'label']),
  from: z.string().meta({ description: 'The setting’s or the label’s name.' }),
  spec: z.string().nullable().meta({
    description:
      'A digest of services and volumes: where a newer image has the same one, it takes over while they run.',
  }),
  application: z.string().nullable().meta({ description: 'What the stack calls the preview’s own container.' }),
  problems: z.array(z.string()).meta({ description: 'Why it cannot be used, each with line and key.' }),
  services: z.array(
    z.object({
      name: z.string(),
      state: z.enum(serviceStates).nullable().meta({ description: 'Null before its first start.' }),
      values: z.array(value),
      variables: z.array(variable),
    }),
  ),
  volumes: z.array(
    z.object({
      name: z.string(),
      keep: z.int().meta({ description: 'How long it outlives its container, milliseconds.' }),
      onPush: z.enum(['keep', 'reset']),
      from: z.string().nullable().meta({ description: 'The snapshot that it begins with.' }),
    }),
  ),
  words: z.string().meta({ description: 'Where it is, for people.' }),
})
