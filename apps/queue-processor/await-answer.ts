/** From a running process to its first answer, or to the reason why there is none. */
import type { Reason } from '../shared/reason.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ContainerPlan } from './container.ts'
import { listening, reaches } from './listening.ts'
import type { Outcome, Parts } from './parts.ts'
import { firstAnswer } from './ready.ts'
