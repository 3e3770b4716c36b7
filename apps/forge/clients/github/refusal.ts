/** What GitHub's refusals mean (https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api), and what to do. */
import { ForgeError } from '../forge.ts'
import { isFields } from '../fields.ts'

/** For the operator's words: `may not ${does}: give it "${right}"` */
export interface Call {
  does: string
  /** Of a fine-grained token: any of these. */
  right: string
}

export interface Refusal {
  status: number
  headers: Record<string, string | number | undefined>
  data: unknown
}

const LEAST_WAIT_MS = 1_000
const MOST_WAIT_MS = 60 * 60_000
/** GitHub: "wait for at least one minute" where it does not say how long. */
const SECONDARY_WAIT_MS = 60_000
const MOST_WORDS = 200

interface About extends Call {
  repository: string
  token: string
  now: number
}

export function errorOf(refusal: Refusal, { does, right, repository, token, now }: About): ForgeError {
  const { status, headers } = refusal
  const message = messageOf(refusal, token)
  const said = message && ` GitHub says: ${message}`
  const wait = waitOf(refusal, message, now)
  if (wait !== undefined)
    return new ForgeError('limited', `GitHub was asked too often.${said}`, { retryAt: now + wait })
  if (status === 401)
    return new ForgeError(
      'refused',
      `GitHub does not take the token: it is wrong, or has ended. Make a new one for LOTAN_FORGE_TOKEN.${said}`,
    )
  if (status === 403 && headers['x-github-sso'] !== undefined)
    return new ForgeError('refused', `The token has to be authorized for the organization's single sign-on.${said}`)
  if ((status === 403 || status === 423) && /\b(locked|archived)\b/i.test(message))
    return new ForgeError('rejected', `GitHub does not let anybody ${does}.${said}`)
  if (status === 403)
    return new ForgeError('refused', `The token may not ${does}: give it ${right} for ${repository}.${said}`)
  if (status === 404 || status === 410 || (status === 422 && /^No (commit|ref) found/.test(message)))
    return new ForgeError(
      'missing',
      `Lotan cannot ${does}: GitHub does not have it, or the token does not see ${repository}.${said}`,
    )
  if (status >= 400 && status < 500)
    return new ForgeError('rejected', `GitHub does not let Lotan ${does} so (${status}).${said}`)
  return new ForgeError('down', `GitHub answered ${status}.${said}`)
}

/** Undefined where it is no limit. Milliseconds. https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api */
function waitOf({ status, headers }: Refusal, message: string, now: number): number | undefined {
  if (status !== 403 && status !== 429 && status !== 503) return undefined
  const bounded = (ms: number) => Math.min(Math.max(ms, LEAST_WAIT_MS), MOST_WAIT_MS)
  // By GitHub's clock, where this machine's is another.
  const theirs = Date.parse(String(headers.date)) || now
  const given = String(headers['retry-after'] ?? '')
  const asked = /^\d+$/.test(given) ? Number(given) * 1_000 : Date.parse(given) - theirs
  if (!Number.isNaN(asked)) return bounded(asked)
  if (status === 503) return undefined
  if (String(headers['x-ratelimit-remaining']) === '0') {
    const left = Number(headers['x-ratelimit-reset']) * 1_000 - theirs
    return bounded(Number.isNaN(left) ? SECONDARY_WAIT_MS : left)
  }
  return status === 429 || /secondary rate|abuse detection/i.test(message) ? SECONDARY_WAIT_MS : undefined
}

/** One line, short, and without the token, whatever was answered. */
function messageOf({ data }: Refusal, token: string): string {
  if (!isFields(data) || typeof data.message !== 'string') return ''
  const errors = Array.isArray(data.errors) ? (data.errors as unknown[]) : []
  const more = errors.map((one) => (isFields(one) && typeof one.message === 'string' ? one.message : ''))
  const whole = [data.message, ...more].filter(Boolean).join(': ').replaceAll(token, '…')
  const line = whole.replace(/[\p{C}\s]+/gu, ' ').trim()
  return line.length > MOST_WORDS ? `${line.slice(0, MOST_WORDS)}…` : line
}
