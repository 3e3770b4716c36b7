/** What is told in place of the application, to people and to programs. */
import type { ProblemName } from '../../shared/api/problems.ts'
import type { Brand } from '../pages/brand.ts'
import type { Message } from '../pages/messages.ts'
import type { Page } from '../pages/views.ts'
import { messagePage } from '../pages/visitor-pages.ts'

export interface Content {
  problem: ProblemName
  heading: string
  sentence: string
  reason?: string
  /** Seconds. */
  retryAfter?: number
  again?: true
  /** Of the page, where people get another status than programs. */
  pageStatus?: number
  page: (brand: Brand) => Page
}

export function fromMessage(message: Message): Content {
  const { problem, heading, sentence } = message
  return { problem, heading, sentence, page: (brand) => messagePage(message, brand) }
}
