/** Responses without the router, each as a page and as a problem. Used by nginx/http/static-responses. */
import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import ejs from 'ejs'
import type { Config } from '../../shared/config/config.ts'
import { problemOf } from '../../shared/api/problem.ts'
import { kindOf, type ProblemName } from '../../shared/api/problems.ts'

const pages = path.resolve(import.meta.dirname, '../../../nginx/pages')

/** Seconds: a router's start takes about this long, and the router's waiting page says the same. */
const RETRY_AFTER = 2

const refusals: [ProblemName, string][] = [
  ['unreadable', 'The request cannot be read: its line, its headers or its body are not well formed.'],
  ['wrong-method', 'No request with this method is taken.'],
  ['too-slow', 'The request took too long to arrive.'],
  ['no-length', 'The request has to say how long its body is.'],
  ['too-large', 'The body is larger than anything Lotan takes.'],
  ['too-long', 'The address is longer than anything Lotan takes.'],
  ['wrong-host', 'The request is for another host than this connection.'],
  ['internal-error', 'Something is wrong with Lotan. The log of nginx says more.'],
  ['unknown-encoding', 'The body is encoded in a way that is not known here.'],
  ['too-many-at-once', 'More is asked than can be answered at once. Send it again in a few seconds.'],
  ['http-version', 'The request is in a version of HTTP that is not spoken here.'],
]

/** Escaped for single quotes in nginx's configuration. */
export async function staticResponses(config: Pick<Config, 'domain' | 'publicUrl'>) {
  const { domain } = config
  const restarting = kindOf('restarting').title
  const problem = (name: ProblemName, detail: string) => quoted(JSON.stringify(problemOf(config, name, detail)))
  return {
    routerDown: {
      status: kindOf('restarting').status,
      retryAfter: RETRY_AFTER,
      page: await page(
        restarting,
        `Previews that run keep running. This page tries again by itself every ${RETRY_AFTER} s.`,
        {
          again: RETRY_AFTER,
        },
      ),
      // No reload: it would send a GET instead of the form.
      form: await page(restarting, 'What you sent has perhaps not arrived. Go back, look, and send it again.'),
      problem: problem(
        'restarting',
        `Lotan is restarting: the router does not answer just now. Try again in ${RETRY_AFTER} s.`,
      ),
    },
    shellDown: {
      status: kindOf('restarting').status,
      retryAfter: RETRY_AFTER,
      problem: problem(
        'restarting',
        `Lotan is restarting: the part that lets people look inside previews does not answer just now. Try again in ${RETRY_AFTER} s.`,
      ),
    },
    tooManyCookies: {
      status: kindOf('headers-too-large').status,
      page: await page(
        kindOf('headers-too-large').title,
        `Your browser sends more cookies with this address than any server takes. A page of one of the previews may have set them for all of ${domain}. Clear the cookies of ${domain} in your browser’s settings, and load this page again.`,
        { script: await cookieRemover() },
      ),
      problem: problem(
        'headers-too-large',
        'The headers of this request are larger than anything Lotan passes on: 30 kB of cookies, 32 kB of any other, 64 kB of all while a preview wakes.',
      ),
    },
    nginxErrors: await Promise.all(
      refusals.map(async ([name, sentence]) => ({
        status: kindOf(name).status,
        page: await page(kindOf(name).title, sentence),
        problem: problem(name, sentence),
      })),
    ),
    noCall: {
      problem: problem('not-a-pair', 'A preview called, and this host is none that it goes with.'),
    },
    reserved: {
      status: kindOf('reserved').status,
      problem: problem('reserved', 'Paths below /.lotan/ are Lotan’s own; this is none of them.'),
    },
  }
}

interface Script {
  text: string
  hash: string
}

/** @param more.again reload after this many seconds */
async function page(
  heading: string,
  sentence: string,
  more: { again?: number; script?: Script } = {},
): Promise<string> {
  return quoted(
    await ejs.renderFile(path.join(pages, 'static-response.html.ejs'), {
      heading,
      sentence,
      again: 0,
      script: undefined,
      ...more,
    }),
  )
}

async function cookieRemover(): Promise<Script> {
  const text = tight(await fs.readFile(path.join(pages, 'too-many-cookies.js'), 'utf8'))
  return { text, hash: `sha256-${createHash('sha256').update(text).digest('base64')}` }
}

function quoted(text: string): string {
  return tight(text).replace(/[\\']/g, '\\$&')
}

/** nginx takes at most 4 kB for one text. */
function tight(text: string): string {
  return text.replace(/\s*\n\s*/g, '\n').trim()
}
