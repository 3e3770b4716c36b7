import { z } from 'zod'
import { preview } from './preview.ts'

export const event = z.discriminatedUnion('event', [
  z.object({ event: z.literal('preview'), data: preview }),
  z.object({ event: z.literal('removed'), data: z.object({ repository: z.string(), tag: z.string() }) }),
])

export type ApiEvent = z.output<typeof event>
